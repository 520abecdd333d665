import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endpoints } from '../../api/endpoints.ts';
import { openApiText } from '../../api/openapi/document.ts';
import { examples } from '../../api/openapi/examples.ts';
import { parseInput } from '../../api/parse.ts';
import { SCHEMA_VERSION } from '../../api/schema-version.ts';
import { SCOPES } from '../../domain/scopes.ts';
import type { Operation } from '../../api/openapi/types.ts';
import { document, isDescribedBody } from '../_support/contract.ts';
import { whatIsMissing } from '../_support/sample-calls.ts';

const operations: [string, Operation][] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): [string, Operation] => [
    `${method.toUpperCase()} ${path}`,
    operation,
  ]),
);

describe('docs/openapi.json', () => {
  it('is what the endpoints and their shapes say (npm run openapi writes it anew)', () => {
    const committed = readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8');
    expect(committed === openApiText(endpoints)).toBe(true);
  });

  it('has the version that every response states', () => {
    expect(document.info.version).toMatch(new RegExp(`^${SCHEMA_VERSION.replace('.', '\\.')}\\.\\d+$`));
  });

  it('has every endpoint, once, each with a name of its own', () => {
    const documented = operations.map(([name]) => name).filter((name) => name.includes('/v1/'));
    expect(documented.sort()).toEqual(endpoints.map(({ method, route }) => `${method} /v1${route}`).sort());
    const names = operations.map(([, { operationId }]) => operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is of endpoints that each have a sample call, which the tests of all endpoints make', () => {
    expect(endpoints.flatMap((endpoint) => whatIsMissing(endpoint) ?? [])).toEqual([]);
  });

  it('refers only to what is in it', () => {
    for (const [, reference = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      let at: unknown = document;
      for (const part of reference.split('/')) at = (at as Record<string, unknown>)[part];
      expect(at, reference).toBeTypeOf('object');
    }
  });

  it('asks for known scopes', () => {
    for (const [name, { security }] of operations) {
      for (const scope of security.flatMap(({ bearer = [] }) => bearer)) expect(SCOPES, name).toContain(scope);
    }
  });
});

describe("the contract's example bodies", () => {
  it.each(endpoints.filter(({ method, route }) => examples[`${method} ${route}`]?.request !== undefined))(
    'are taken as they stand by $method $route',
    (endpoint) => {
      const { method, route } = endpoint;
      const body = examples[`${method} ${route}`]?.request;
      expect(isDescribedBody(method, route, body)).toBe(true);
      expect(parseInput(endpoint, { params: {}, query: {}, body })).toMatchObject({ body });
    },
  );

  it('are what the answers of the document look like', () => {
    for (const { method, route, output } of endpoints) {
      const answer = examples[`${method} ${route}`]?.answer;
      if (answer) expect(output[answer.status]?.safeParse(answer.body).error, route).toBeUndefined();
    }
  });
});
