import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderOpenApi } from '../../api/openapi/document.ts';
import { startRest, type RestServer } from '../../api/rest/server.ts';
import { PUBLIC } from '../../api/surfaces.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { watchResponses } from '../_support/every-response.ts';

const GOING = { since: new Date('2026-01-01T00:00:00Z'), sunset: new Date('2027-01-01T00:00:00Z') };
const SAID = {
  deprecation: '@1767225600',
  sunset: 'Fri, 01 Jan 2027 00:00:00 GMT',
  link: '</docs>; rel="deprecation"; type="text/html"',
};
const NOTHING = { deprecation: null, sunset: null, link: null };

const { endpoints } = PUBLIC;
const isOld = (route: string) => route === '/runtime/operations/{operationId}';
const oneOld = endpoints.map((endpoint) => (isOld(endpoint.route) ? { ...endpoint, deprecated: GOING } : endpoint));

let stand: ApiStand;
let version: RestServer;
let operation: RestServer;
beforeAll(async () => {
  stand = await openApiStand();
  const address = { host: '127.0.0.1', port: 0 };
  version = await startRest(stand.deps, { ...address, surface: { ...PUBLIC, deprecated: GOING } });
  operation = await startRest(stand.deps, { ...address, surface: { ...PUBLIC, endpoints: oneOld } });
  for (const { port } of [version, operation]) watchResponses(port);
});
afterAll(async () => {
  await version?.[Symbol.asyncDispose]();
  await operation?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

async function said(url: string, path: string, init: RequestInit = {}) {
  const authorization = `Bearer ${await stand.token()}`;
  const { status, headers } = await fetch(`${url}${path}`, { headers: { authorization }, ...init });
  const names = Object.keys(SAID) as (keyof typeof SAID)[];
  return { status, headers: Object.fromEntries(names.map((name) => [name, headers.get(name)])) };
}

describe('a version that is deprecated', () => {
  it.each([
    ['/v1/runtime/environments', {}, 200],
    ['/runtime/environments', {}, 200],
    ['/v1/runtime/environments', { headers: {} }, 401],
    ['/v1/runtime/environments/env-00000000', {}, 404],
    ['/v1/runtime/nothing', {}, 404],
    ['/v1/runtime/environments', { method: 'DELETE' }, 405],
  ])('says so on %s, with %o, answered %i', async (path, init, status) => {
    expect(await said(version.url, path, init)).toEqual({ status, headers: SAID });
  });

  it('says nothing of what belongs to no version', async () => {
    expect(await said(version.url, '/healthz')).toEqual({ status: 200, headers: NOTHING });
  });
});

describe('an operation that is deprecated', () => {
  it('says so, and no other does', async () => {
    const old = await said(operation.url, '/v1/runtime/operations/op-00000000');
    expect(old).toEqual({ status: 404, headers: SAID });
    expect(await said(operation.url, '/v1/runtime/operations')).toEqual({ status: 200, headers: NOTHING });
  });

  it('is marked in the document, and no other is', () => {
    const marked = Object.entries(renderOpenApi(oneOld, PUBLIC.about).paths).flatMap(([path, methods]) =>
      Object.values(methods).some(({ deprecated }) => deprecated) ? [path] : [],
    );
    expect(marked).toEqual(['/v1/runtime/operations/{operationId}']);
  });
});

it('is nothing yet', async () => {
  expect(await said(stand.api.rest.url, '/v1/runtime/environments')).toEqual({ status: 200, headers: NOTHING });
  expect(PUBLIC.deprecated).toBeUndefined();
});
