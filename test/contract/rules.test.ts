import { describe, expect, it } from 'vitest';
import type { OpenApiDocument, Operation, Response } from '../../api/openapi/types.ts';
import { breaches, RULES } from '../_support/contract-rules.ts';
import { document } from '../_support/contract.ts';

const PATH = '/v1/runtime/widgets/{widgetId}';
const headers = {
  'cs-schema-version': { $ref: '#/components/headers/SchemaVersion' },
  'x-trace-id': { $ref: '#/components/headers/TraceId' },
};
const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const answer = (): Response => ({
  description: 'Here it is.',
  headers,
  content: { 'application/json': { schema: {} } },
});
const operation = (): Operation => ({
  operationId: 'getWidget',
  summary: 'Get a widget',
  tags: ['widgets'],
  security: [{ bearer: ['runtime.environments.read'] }],
  parameters: [{ name: 'widgetId', in: 'path', required: true, schema: { type: 'string' } }],
  responses: { 200: answer(), 401: { description: 'Who are you?', headers, content: problem } },
});

/** A small document that keeps to every rule. */
const good = (): OpenApiDocument => ({
  ...document,
  tags: [{ name: 'widgets' }],
  paths: { [PATH]: { get: operation() } },
  components: { ...document.components, schemas: { Problem: { type: 'object', properties: { code: {} } } } },
});

/** Another operation at another path. */
const at =
  (path: string, change: Partial<Operation> = {}, method = 'get') =>
  (bad: OpenApiDocument) => {
    bad.paths = { [path]: { [method]: { ...operation(), ...change } } };
  };
const widget = (change: Partial<Operation>) => at(PATH, change);

const WAYS: Record<string, (bad: OpenApiDocument) => void> = {
  'paths are lower-case and hyphenated': at('/v1/runtime/bigWidgets', { parameters: [] }),
  'parameters of paths are ids in camelCase': at('/v1/runtime/widgets/{widget}', {
    parameters: [{ name: 'widget', in: 'path', required: true, schema: {} }],
  }),
  'collections are plural': at('/v1/runtime/widget/{widgetId}'),
  'what stands last below an id is a collection that can be read, or an action that is posted': (bad) => {
    const post = { ...operation(), operationId: 'turnWidget' };
    bad.paths = { [`${PATH}/turn`]: { get: operation(), post } };
  },
  'paths end without a slash and have no query': at('/healthz/', { parameters: [] }),
  'every parameter of a path is declared, and no other': widget({ parameters: [] }),
  'parameters of an operation have different names': widget({
    parameters: [...operation().parameters, { $ref: '#/x' }, { $ref: '#/x' }],
  }),
  'properties and queries are camelCase': (bad) => {
    bad.components.schemas.Problem = { type: 'object', properties: { trace_id: {} } };
  },
  'operations have ids of their own, in camelCase': (bad) => {
    bad.paths[PATH] = { get: operation(), patch: operation() };
  },
  'operations say in a few words what they are for': widget({ summary: 'widget.' }),
  'operations have one tag, which the document lists': widget({ tags: ['gadgets'] }),
  'a body that is read is described, and a GET has none': widget({ requestBody: { required: true, content: {} } }),
  'every operation has an answer that is no refusal': (bad) => {
    delete bad.paths[PATH]?.get?.responses['200'];
  },
  'what is refused is a problem document': (bad) => {
    Object.assign(bad.paths[PATH]?.get?.responses ?? {}, { 404: answer() });
  },
  'what needs a token can answer 401, and nothing else can': widget({ security: [] }),
  'every answer carries version and trace': (bad) => {
    Object.assign(bad.paths[PATH]?.get?.responses ?? {}, { 200: { ...answer(), headers: {} } });
  },
  'what starts work says where it is': (bad) => {
    Object.assign(bad.paths[PATH]?.get?.responses ?? {}, { 202: answer() });
  },
  'every schema is used': (bad) => {
    bad.components.schemas.Gadget = { type: 'object' };
  },
};

describe('the rules of the contract', () => {
  it('are kept by the document', () => {
    expect(breaches(document)).toEqual([]);
  });

  it('are kept by a small document, which each of the following breaks in one place', () => {
    expect(breaches(good())).toEqual([]);
  });

  it.each(Object.keys(RULES))('%s, or it is found', (rule) => {
    const bad = good();
    WAYS[rule]?.(bad);
    expect([...new Set(breaches(bad).map((line) => line.split(': ')[0]))]).toEqual([rule]);
  });
});
