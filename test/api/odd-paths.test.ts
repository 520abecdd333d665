/** A path and a method are taken as they are written: no other spelling reaches an endpoint, and nothing overrides a method. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../api/endpoints.ts';
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { sampleCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

let stand: ApiStand;
let tables: TenantTables;
let world: World;
let before: string;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
  world = await openWorld(stand);
  before = await tables.digest();
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  internal?: boolean;
}

/** As it is written: fetch would tidy the path up. */
async function answerTo({ method, path, headers = {}, body, internal = false }: Sent) {
  const audience = internal ? { audience: stand.config.oidc.internalAudience, scopes: [] } : {};
  const authorization = `Bearer ${await stand.token(audience)}`;
  const { port } = stand.api[internal ? 'internal' : 'rest'];
  const sent = request({ host: '127.0.0.1', port, method, path, headers: { authorization, ...headers } });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const said = await text(response);
  const { code } = (said.startsWith('{') ? JSON.parse(said) : {}) as { code?: string };
  return { status: response.statusCode, code, type: response.headers['content-type'], headers: response.headers };
}

const problem = (status: number, code: string) => ({ status, code, type: 'application/problem+json' });

/** Of a path that is good, with `/v1` or without, one that no longer is. */
const SPELLINGS: [string, (path: string) => string][] = [
  ['a second slash before it', (path) => `/${path}`],
  ['a second slash within it', (path) => path.replace('/runtime', '//runtime')],
  ['a second slash before its end', (path) => path.replace(/\/([^/]*)$/, '//$1')],
  ['a slash after it', (path) => `${path}/`],
  ['two slashes after it', (path) => `${path}//`],
  ['an encoded slash', (path) => path.replace(/runtime\//, 'runtime%2F')],
  ['an encoded slash, in small letters', (path) => path.replace(/runtime\//, 'runtime%2f')],
  ['a slash that is encoded twice', (path) => path.replace(/runtime\//, 'runtime%252F')],
  ['an encoded letter', (path) => path.replace('runtime', '%72untime')],
  ['a way up and down again', (path) => path.replace('runtime/', 'runtime/../runtime/')],
  ['an encoded way up', (path) => path.replace('runtime/', 'runtime/%2e%2e/runtime/')],
  ['a step on the spot', (path) => path.replace('runtime/', 'runtime/./')],
  ['a backslash', (path) => path.replace('runtime/', 'runtime\\')],
  ['an encoded backslash', (path) => path.replace('runtime/', 'runtime%5C')],
  ['parameters of a part', (path) => path.replace('runtime/', 'runtime;x=y/')],
  ['capitals', (path) => path.replace('runtime', 'Runtime')],
  ['a NUL', (path) => path.replace('runtime', 'runtime%00')],
  ['a space', (path) => path.replace('runtime', 'runtime%20')],
  ['a version twice', (path) => `/v1/v1${path.replace(/^\/v1/, '')}`],
];

const all = [
  ...endpoints.map((endpoint) => ({ endpoint, internal: false })),
  ...internalEndpoints.map((endpoint) => ({ endpoint, internal: true })),
];

describe('a path', () => {
  it.each(SPELLINGS)('with %s is none, of any endpoint', async (_what, spelt) => {
    const wrong: unknown[] = [];
    for (const { endpoint, internal } of all) {
      const call = await sampleCall(endpoint, world);
      const [path = '', query] = call.path.split('?');
      for (const good of [path, path.replace(/^\/v1/, '')]) {
        const odd = query ? `${spelt(good)}?${query}` : spelt(good);
        const answer = await answerTo({ method: call.method, path: odd, internal });
        const { headers, ...rest } = answer;
        if (JSON.stringify(rest) === JSON.stringify(problem(404, 'RouteNotFound')) && headers['cs-schema-version'])
          continue;
        wrong.push({ sent: `${call.method} ${odd}`, ...rest });
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    '/healthz/',
    '/docs/',
    '/openapi.json/',
    '//healthz',
    '/healthz;x=y',
    '/readyz/',
    '/%68ealthz',
    '/',
    '//',
    '*',
    '/v1',
    '/v1/',
  ])('%s is none', async (path) => {
    const { headers, ...answer } = await answerTo({ method: 'GET', path });
    expect(answer).toEqual(problem(404, 'RouteNotFound'));
    expect(headers['cs-schema-version']).toBe('1.0');
  });

  it.each([
    ['an encoded slash', 'env-1%2Fservices'],
    ['a way up', '..'],
    ['an encoded way up', '%2e%2e'],
    ['parameters', 'env-1;x=y'],
    ['a type', 'env-1.json'],
  ])('with %s in an id names nothing', async (_what, id) => {
    const answer = await answerTo({ method: 'GET', path: `/v1/runtime/environments/${id}` });
    expect([400, 404]).toContain(answer.status);
    expect(['ValidationFailed', 'EnvironmentNotFound']).toContain(answer.code);
  });
});

describe('a method', () => {
  it.each(['TRACE', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'PURGE'])(
    '%s is answered 405 by every path, and 404 where there is none',
    async (method) => {
      for (const { endpoint, internal } of all) {
        const { path } = await sampleCall(endpoint, world);
        const { headers, ...answer } = await answerTo({ method, path, internal });
        expect({ path, ...answer }).toEqual({ path, ...problem(405, 'MethodNotAllowed') });
        expect(headers.allow).toContain(endpoint.method);
        expect(headers['cs-schema-version']).toBe('1.0');
      }
      const { headers, ...answer } = await answerTo({ method, path: '/v1/runtime/nowhere' });
      expect(answer).toEqual(problem(404, 'RouteNotFound'));
      expect(headers['cs-schema-version']).toBe('1.0');
    },
  );

  const OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override'];

  it.each(OVERRIDES)('is not overridden by %s', async (header) => {
    const path = '/v1/runtime/environments';
    for (const method of ['POST', 'PATCH', 'DELETE', 'NONE']) {
      const read = await answerTo({ method: 'GET', path, headers: { [header]: method } });
      expect(read).toMatchObject({ status: 200, type: 'application/json' });
      const patched = await answerTo({ method: 'PATCH', path, headers: { [header]: 'GET' } });
      expect(patched).toMatchObject(problem(405, 'MethodNotAllowed'));
      const posted = await answerTo({ method: 'POST', path, headers: { [header]: 'GET' } });
      expect(posted).toMatchObject(problem(400, 'ValidationFailed'));
    }
  });

  it('is not overridden by the query or the body', async () => {
    const path = '/v1/runtime/environments';
    const headers = { 'content-type': 'application/json' };
    expect(await answerTo({ method: 'GET', path: `${path}?_method=POST` })).toMatchObject(
      problem(400, 'ValidationFailed'),
    );
    const body = JSON.stringify({ _method: 'GET' });
    expect(await answerTo({ method: 'POST', path, headers, body })).toMatchObject(problem(400, 'ValidationFailed'));
    const asForm = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await answerTo({ method: 'POST', path, headers: asForm, body: '_method=GET' })).toMatchObject(
      problem(415, 'UnsupportedMediaType'),
    );
  });
});

describe('all of this', () => {
  it('has changed nothing', async () => {
    expect(await tables.digest()).toBe(before);
  });
});
