/** Answers as the document describes them: bodies, headers, and refusals with the codes that can be read there. */
import { STATUS_CODES } from 'node:http';
import { ERROR_KINDS, type ErrorCode } from '../../domain/errors.ts';
import { SCHEMA_VERSION } from '../schema-version.ts';
import type { Header, Json, Response, Schema } from './types.ts';

const TRACE_ID = '^trace-[0-9a-f]{32}$';

export const headers: Record<string, Header> = {
  SchemaVersion: {
    description: '`major.minor` of this document; on every response, so that clients can see what they speak with.',
    required: true,
    schema: { type: 'string', pattern: '^[0-9]+\\.[0-9]+$', examples: [SCHEMA_VERSION] },
  },
  TraceId: {
    description: '`trace-` and the W3C trace id; of the call that was accepted when an answer is given again.',
    required: true,
    schema: { type: 'string', pattern: TRACE_ID },
  },
  Location: { description: 'Where what was made is found.', required: true, schema: { type: 'string' } },
  OperationLocation: {
    description: 'Where the progress of the work is found.',
    required: true,
    schema: { type: 'string', pattern: '^/v1/runtime/operations/' },
  },
  IdempotencyReplayed: {
    description: 'Present when this is the answer that an earlier call with the same key was given.',
    schema: { type: 'string', enum: ['true'] },
  },
  ETag: { description: 'Tags this state of it.', required: true, schema: { type: 'string', pattern: '^"[^"]+"$' } },
  RetryAfter: { description: 'Seconds to wait.', required: true, schema: { type: 'string', pattern: '^[0-9]+$' } },
  WwwAuthenticate: { description: 'What the token lacks, by RFC 6750.', schema: { type: 'string' } },
};

export const problemSchema: Schema = {
  type: 'object',
  description: 'An RFC 9457 problem. Some codes add members of their own, e.g. the id of what is in the way.',
  required: ['type', 'title', 'status', 'code', 'traceId'],
  properties: {
    type: { type: 'string', description: '`urn:slipway:problem:` and the code.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: {
      type: 'string',
      description: 'Stable; what each means and what to do about it is in docs/codes.md.',
      enum: Object.keys(ERROR_KINDS),
    },
    detail: { type: 'string', description: 'A sentence for people; it may change.' },
    traceId: { type: 'string', pattern: TRACE_ID },
    errors: {
      type: 'array',
      description: 'What is wrong where.',
      items: {
        type: 'object',
        required: ['pointer', 'message'],
        properties: {
          pointer: {
            type: 'string',
            description: 'A JSON pointer into the body, `?name` of the query, `{name}` of the path, or a header.',
          },
          message: { type: 'string' },
        },
      },
    },
  },
};

const ref = (name: string) => ({ $ref: `#/components/headers/${name}` });

export const standardHeaders = { 'cs-schema-version': ref('SchemaVersion'), 'x-trace-id': ref('TraceId') };

export function answer(
  status: number,
  type: string,
  schema: Schema,
  { example, description, extra = [] }: { example?: Json; description?: string; extra?: string[] } = {},
): Response {
  const more = extra.map((name) => [kebab(name), ref(name)] as const);
  return {
    description: description ?? STATUS_CODES[status] ?? String(status),
    headers: { ...standardHeaders, ...Object.fromEntries(more) },
    content: { [type]: { schema, ...(example !== undefined && { example }) } },
  };
}

/** To a caller that has it already. */
export const unchanged: Response = {
  description: 'It is as `If-None-Match` says.',
  headers: { ...standardHeaders, etag: ref('ETag') },
  content: {},
};

/** Of one status: which codes it can carry. */
export function refusal(status: number, codes: ErrorCode[]): Response {
  const schema: Schema = {
    allOf: [
      { $ref: '#/components/schemas/Problem' },
      { type: 'object', properties: { status: { const: status }, code: { type: 'string', enum: [...codes] } } },
    ],
  };
  const extra = [
    ...(status === 401 || status === 403 ? ['WwwAuthenticate'] : []),
    ...(status === 503 || status === 429 ? ['RetryAfter'] : []),
  ];
  const description = `${STATUS_CODES[status]}: ${codes.map((code) => `\`${code}\``).join(', ')}`;
  return answer(status, 'application/problem+json', schema, { description, extra });
}

function kebab(name: string): string {
  if (name === 'ETag') return 'etag';
  return name.replaceAll(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
