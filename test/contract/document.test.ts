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
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import { INTERNAL } from '../../api/surfaces.ts';
import { document, internalContract, isDescribedBody } from '../_support/contract.ts';
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

  it('says that no text holds a NUL, as every body that has one is refused', () => {
    const bodies = ['a', 'a\u0000'].flatMap((text) => [{ comment: text }, { tenantId: text }]);
    const taken = bodies.map((body) => isDescribedBody('POST', '/v1/runtime/approvals/apr-1/approve', body));
    expect(taken).toEqual([true, true, false, false]);
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

describe('docs/openapi-internal.json', () => {
  it('is what the internal endpoints and their shapes say (npm run openapi writes it anew)', () => {
    const committed = readFileSync(join(import.meta.dirname, '../../docs/openapi-internal.json'), 'utf8');
    expect(committed === openApiText(INTERNAL.endpoints, INTERNAL.about)).toBe(true);
  });

  it('has every internal endpoint and none of the public ones, each opened by a token without a scope', () => {
    const paths = Object.entries(internalContract.document.paths).filter(([path]) => path.includes('/v1/'));
    const operations = paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );
    const wanted = internalEndpoints.map(({ method, route }) => `${method} /v1${route}`);
    expect(operations.map(({ name }) => name).sort()).toEqual(wanted.sort());
    expect(wanted.every((name) => name.includes(' /v1/runtime/internal/'))).toBe(true);
    expect(Object.keys(document.paths).filter((path) => path.includes('/internal'))).toEqual([]);
    for (const { name, operation } of operations) expect(operation.security, name).toEqual([{ bearer: [] }]);
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
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
