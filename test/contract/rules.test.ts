/** The contract's rules (.spectral.yaml), held against both documents; each rule is shown to find what breaks it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { OpenApiDocument, Operation, Parameter, Response } from '../../api/openapi/types.ts';
import { ROOT } from '../_support/api.ts';
import { document } from '../_support/contract.ts';

const PATH = '/v1/runtime/widgets/{widgetId}';
const LIST = '/v1/runtime/widgets';
const headers = {
  'cs-schema-version': { $ref: '#/components/headers/SchemaVersion' },
  'x-trace-id': { $ref: '#/components/headers/TraceId' },
};
const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
const refusal: Response = { description: 'Who are you?', headers, content: problem };
const key = { $ref: '#/components/parameters/IdempotencyKey' };
const widgetId: Parameter = { name: 'widgetId', in: 'path', required: true, schema: { type: 'string' } };
const query = (name: string, schema: Parameter['schema']): Parameter => ({
  name,
  in: 'query',
  required: false,
  schema,
});

const answer = (properties: Parameter['schema'] = {}): Response => ({
  description: 'Here it is.',
  headers,
  content: { 'application/json': { schema: { type: 'object', properties } } },
});
const operation = (change: Partial<Operation> = {}): Operation => ({
  operationId: 'getWidget',
  summary: 'Get a widget',
  tags: ['widgets'],
  security: [{ bearer: ['runtime.environments.read'] }],
  parameters: [widgetId],
  responses: { 200: answer(), 401: refusal },
  ...change,
});
const list = (change: Partial<Operation> = {}): Operation =>
  operation({
    operationId: 'listWidgets',
    parameters: [query('limit', { type: 'integer', minimum: 1, maximum: 200 }), query('cursor', { type: 'string' })],
    responses: {
      200: answer({ items: { type: 'array', items: { type: 'string' } }, nextCursor: { type: 'string' } }),
      401: refusal,
    },
    ...change,
  });
const creation = (change: Partial<Operation> = {}): Operation =>
  operation({ operationId: 'createWidget', parameters: [key], ...change });

/** A small document that keeps to every rule. */
const good = (): OpenApiDocument => {
  const { securitySchemes, parameters, headers: shared } = document.components;
  return structuredClone({
    ...document,
    tags: [{ name: 'widgets' }],
    paths: { [LIST]: { get: list(), post: creation() }, [PATH]: { get: operation() } },
    components: {
      securitySchemes,
      parameters: { IdempotencyKey: parameters.IdempotencyKey as Parameter },
      headers: Object.fromEntries(Object.entries(shared).filter(([name]) => /^(SchemaVersion|TraceId)$/.test(name))),
      schemas: { Problem: { type: 'object', properties: { code: {}, traceId: {} }, required: ['code', 'traceId'] } },
    },
  });
};

type Change = (bad: OpenApiDocument) => void;

/** One more operation, at a path of its own. */
const at =
  (path: string, change: Partial<Operation> = {}): Change =>
  (bad) => {
    bad.paths[path] = { get: operation({ operationId: 'getAnother', ...change }) };
  };
const widget =
  (change: Partial<Operation>): Change =>
  (bad) => {
    bad.paths[PATH] = { get: operation(change) };
  };
const answering = (responses: Record<string, Response>) =>
  widget({ responses: { ...operation().responses, ...responses } });

/** Of each rule of ours, and of those of `spectral:oas` that the contract counts on, one way to break it and no other. */
const WAYS: Record<string, Change[]> = {
  'paths-are-below-the-product': [at('/v1/widgets', { parameters: [] })],
  'paths-are-lower-case-and-hyphenated': [
    at('/v1/runtime/bigWidgets', { parameters: [] }),
    at('/v1/runtime/big_widgets', { parameters: [] }),
  ],
  'path-parameters-are-ids': [
    at('/v1/runtime/gadgets/{gadget}', { parameters: [{ ...widgetId, name: 'gadget' }] }),
    at('/v1/runtime/gadgets/{GadgetId}', { parameters: [{ ...widgetId, name: 'GadgetId' }] }),
  ],
  'collections-are-plural': [
    at('/v1/runtime/gadget/{widgetId}'),
    at('/v1/runtime/gadget', { parameters: [] }),
    at('/v1/runtime/widgets/{widgetId}/address/{partId}', {
      parameters: [widgetId, { ...widgetId, name: 'partId' }],
    }),
  ],
  'below-an-id-stands-a-collection-or-an-action': [
    (bad) => {
      const turn = creation({ operationId: 'turnWidget', parameters: [key, widgetId] });
      bad.paths[`${PATH}/turn`] = { get: operation({ operationId: 'getTurn' }), post: turn };
    },
  ],
  'names-are-camel-case': [
    (bad) => Object.assign(bad.components.schemas.Problem?.properties ?? {}, { trace_id: {} }),
    widget({ parameters: [widgetId, query('page-size', { type: 'integer' })] }),
  ],
  'operation-ids-are-camel-case': [widget({ operationId: 'get_widget' })],
  'operations-have-a-summary': [
    widget({ summary: 'widget.' }),
    (bad) => delete (bad.paths[PATH]?.get as Partial<Operation>).summary,
  ],
  'operation-singular-tag': [
    (bad) => {
      bad.tags.push({ name: 'gadgets' });
      widget({ tags: ['widgets', 'gadgets'] })(bad);
    },
  ],
  'operation-tag-defined': [widget({ tags: ['gadgets'] })],
  'operation-tags': [(bad) => delete (bad.paths[PATH]?.get as Partial<Operation>).tags],
  'operation-operationId-unique': [widget({ operationId: 'listWidgets' })],
  'operation-success-response': [widget({ responses: { 401: refusal } })],
  'operation-parameters': [widget({ parameters: [widgetId, query('q', {}), query('q', {})] })],
  'path-params': [widget({ parameters: [] }), widget({ parameters: [widgetId, { ...widgetId, name: 'otherId' }] })],
  'path-keys-no-trailing-slash': [at('/healthz/', { parameters: [] })],
  'path-not-include-query': [at('/healthz?deep', { parameters: [] })],
  'oas3-unused-component': [(bad) => Object.assign(bad.components.schemas, { Gadget: { type: 'object' } })],
  'a-get-has-no-body': [widget({ requestBody: { required: true, content: {} } })],
  'changes-take-an-idempotency-key': [
    (bad) => {
      bad.paths[PATH] = { get: operation(), delete: creation({ operationId: 'removeWidget', parameters: [widgetId] }) };
    },
  ],
  'lists-come-in-pages': [
    (bad) => Object.assign(bad.paths[LIST] ?? {}, { get: list({ parameters: [query('cursor', {})] }) }),
    (bad) => Object.assign(bad.paths[LIST] ?? {}, { get: list({ parameters: list().parameters.slice(0, 1) }) }),
    (bad) => {
      const limit = query('limit', { type: 'integer', minimum: 1, maximum: 500 });
      Object.assign(bad.paths[LIST] ?? {}, { get: list({ parameters: [limit, query('cursor', {})] }) });
    },
  ],
  'lists-say-where-they-go-on': [answering({ 200: answer({ items: {} }) })],
  'refusals-are-problem-documents': [
    answering({ 404: answer() }),
    answering({ 404: { ...refusal, content: { ...problem, ...answer().content } } }),
  ],
  'problems-have-a-code-and-a-trace': [
    (bad) => Object.assign(bad.components.schemas.Problem ?? {}, { required: ['code'] }),
  ],
  'tokens-can-be-refused': [widget({ security: [] }), widget({ responses: { 200: answer() } })],
  'waiting-has-a-time': [answering({ 429: refusal })],
  'answers-carry-version-and-trace': [answering({ 200: { ...answer(), headers: {} } })],
  'work-says-where-it-is': [answering({ 202: answer() })],
};

interface Finding {
  code: string;
  source: string;
  message: string;
}

async function lint(...files: string[]): Promise<Finding[]> {
  const spectral = join(ROOT, 'node_modules/.bin/spectral');
  const args = ['lint', '--quiet', '--fail-severity', 'hint', '--format', 'json', ...files];
  const { stdout, exitCode, stderr } = await execa(spectral, args, { cwd: ROOT, reject: false });
  expect(exitCode, stderr).toBeLessThan(2);
  return JSON.parse(stdout) as Finding[];
}

describe('the rules of the contract', () => {
  it('are kept by both documents, without a warning', async () => {
    expect(await lint('docs/openapi.json', 'docs/openapi-internal.json')).toEqual([]);
  });

  it('are each broken below', () => {
    const { rules } = parse(readFileSync(join(ROOT, '.spectral.yaml'), 'utf8')) as { rules: Record<string, unknown> };
    const ours = Object.keys(rules).filter((rule) => rules[rule] !== 'off');
    expect(ours.filter((rule) => !WAYS[rule])).toEqual([]);
  });
});

describe('a small document', () => {
  const ways = Object.entries(WAYS).flatMap(([rule, changes]) =>
    changes.map((change, index) => ({ rule, change, file: `${rule}.${index + 1}.json` })),
  );
  const found = new Map<string, Set<string>>();

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lint-'));
    try {
      const documents = [{ change: () => undefined, file: 'good.json' }, ...ways].map(({ change, file }) => {
        const copy = good();
        change(copy);
        writeFileSync(join(folder, file), JSON.stringify(copy));
        found.set(file, new Set());
        return join(folder, file);
      });
      for (const { source, code } of await lint(...documents)) found.get(basename(source))?.add(code);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('keeps to all of them', () => {
    expect([...(found.get('good.json') ?? ['not looked at'])]).toEqual([]);
  });

  it.each(ways)('that breaks one is found: $file', ({ rule, file }) => {
    expect([...(found.get(file) ?? [])]).toEqual([rule]);
  });
});
