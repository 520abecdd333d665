/** One endpoint as an operation of the document. */
import { z } from 'zod';
import type { Endpoint, OutputShape } from '../endpoint.ts';
import { EVENT_STREAM } from '../rest/events.ts';
import { eventSchema } from './event-schema.ts';
import { dryRunAnswer } from '../shapes/dry-run.ts';
import { examples } from './examples.ts';
import { nounsOf, operationIdOf, sentenceOf } from './operation-id.ts';
import { refusalsOf } from './refusals.ts';
import { answer, refusal, unchanged } from './responses.ts';
import type { Schemas } from './schemas.ts';
import type { Operation, Parameter, Response, Schema } from './types.ts';

/** What many calls may carry. */
export const commonParameters: Record<string, Parameter> = {
  Traceparent: {
    name: 'traceparent',
    in: 'header',
    required: false,
    description: "Continues the caller's W3C trace. One that does not parse is left aside.",
    schema: { type: 'string' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same key with the same input gets the first answer again; with another input it is a 422.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
  },
  DryRun: {
    name: 'dryRun',
    in: 'query',
    required: false,
    description: 'With `true` nothing is changed and nothing stays; the answer is a 200 that says what would be done.',
    schema: { type: 'boolean', default: false },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description:
      'The `ETag` of an earlier answer: when that is still what there is, the answer is a 304 without a body.',
    schema: { type: 'string' },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description:
      'The `id` of the last event that the caller has seen: what came after it is sent. For one that is not on record the first event is a `reset`.',
    schema: { type: 'string' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The `ETag` of the `GET` that the change is based on; when it has changed since, the answer is a 412.',
    schema: { type: 'string' },
  },
};

export function operationOf(endpoint: Endpoint, schemas: Schemas): Operation {
  const { method, route, input, scope, possibleScopes } = endpoint;
  const operationId = operationIdOf(method, route);
  const scopes = scope === null ? [] : typeof scope === 'string' ? [scope] : (possibleScopes ?? []);
  const needed = scopes.map((one) => `\`${one}\``).join(' or ');
  return {
    operationId,
    summary: endpoint.summary ?? sentenceOf(operationId),
    ...(endpoint.deprecated && { deprecated: true as const }),
    description:
      scope !== null ? `Needs the scope ${needed}.` : 'Needs a token of the internal audience, and no scope.',
    tags: [nounsOf(route)[0] ?? 'runtime'],
    security: scopes.length === 0 ? [{ bearer: [] }] : scopes.map((one) => ({ bearer: [one] })),
    parameters: [
      ...parametersOf('path', input.params, schemas),
      ...parametersOf('query', input.query, schemas),
      ...(canRehearse(endpoint) ? [{ $ref: '#/components/parameters/DryRun' }] : []),
      ...(endpoint.kind === 'mutation' ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
      ...(endpoint.kind === 'mutation' && endpoint.current ? [{ $ref: '#/components/parameters/IfMatch' }] : []),
      ...(endpoint.kind === 'read' ? [{ $ref: '#/components/parameters/IfNoneMatch' }] : []),
      ...(endpoint.kind === 'watch' ? [{ $ref: '#/components/parameters/LastEventId' }] : []),
      { $ref: '#/components/parameters/Traceparent' },
    ],
    ...requestBodyOf(endpoint, schemas),
    responses: responsesOf(endpoint, schemas),
  };
}

function requestBodyOf(endpoint: Endpoint, schemas: Schemas): Pick<Operation, 'requestBody'> {
  if (endpoint.kind === 'feed') {
    const content = { 'application/x-ndjson': { schema: schemas.ofInput(endpoint.line) } };
    return { requestBody: { required: true, content } };
  }
  const { body } = endpoint.input;
  if (!body) return {};
  const example = examples[`${endpoint.method} ${endpoint.route}`]?.request;
  const content = { schema: schemas.ofInput(body), ...(example !== undefined && { example }) };
  return { requestBody: { required: !body.safeParse(undefined).success, content: { 'application/json': content } } };
}

function parametersOf(place: 'path' | 'query', shape: z.ZodType | undefined, schemas: Schemas): Parameter[] {
  if (!shape) return [];
  const { properties = {}, required = [] } = schemas.ofInput(shape) as {
    properties?: Record<string, Schema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema,
  }));
}

function canRehearse(endpoint: Endpoint): boolean {
  return endpoint.kind === 'mutation' && endpoint.governed !== undefined;
}

function outputOf(endpoint: Endpoint): OutputShape {
  const { output } = endpoint;
  if (!canRehearse(endpoint)) return output;
  return { ...output, 200: output[200] ? z.union([output[200], dryRunAnswer]) : dryRunAnswer };
}

function responsesOf(endpoint: Endpoint, schemas: Schemas): Record<string, Response> {
  const responses: Record<string, Response> = {};
  const { method, route, kind } = endpoint;
  for (const [text, shape] of Object.entries(outputOf(endpoint))) {
    const status = Number(text);
    const example = examples[`${method} ${route}`]?.answer;
    const isLines = kind === 'stream' || kind === 'feed';
    const type = isLines ? 'application/x-ndjson' : kind === 'watch' ? EVENT_STREAM : 'application/json';
    const schema = schemas.ofAnswer(shape);
    responses[text] = answer(status, type, kind === 'watch' ? eventSchema(schema, schemas) : schema, {
      ...(example?.status === status && { example: example.body }),
      ...(isLines && { description: 'Line by line; this is the schema of one line.' }),
      ...(kind === 'watch' && { description: 'Event by event; this is the schema of one.' }),
      extra: [
        ...(kind === 'mutation' && (status === 201 || status === 202) ? ['Location'] : []),
        ...(kind === 'mutation' && status === 202 ? ['OperationLocation'] : []),
        ...(kind === 'mutation' ? ['IdempotencyReplayed'] : []),
        ...(kind === 'read' && status === 200 ? ['ETag'] : []),
      ],
    });
  }
  if (kind === 'read') responses['304'] = unchanged;
  for (const [status, codes] of refusalsOf(endpoint)) responses[String(status)] = refusal(status, codes);
  return responses;
}
