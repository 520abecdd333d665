/** A token comes in one Authorization header, and from nowhere else: of every endpoint. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../api/endpoints.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { forgeToken } from '../_support/forge-token.ts';
import { sampleCall, type ReadyCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

let stand: ApiStand;
let tables: TenantTables;
let world: World;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
  world = await openWorld(stand);
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

interface Place {
  query?: string;
  headers?: Record<string, string | string[]>;
  body?: (call: ReadyCall) => string;
}
const asJson = { 'content-type': 'application/json' };
const asForm = { 'content-type': 'application/x-www-form-urlencoded' };
const bodyWith = ({ body }: ReadyCall, more: object) =>
  JSON.stringify({ ...(typeof body === 'object' ? body : {}), ...more });

const PLACES: [string, 'TokenMissing' | 'TokenInvalid', (token: string) => Place][] = [
  ['the query', 'TokenInvalid', (token) => ({ query: `access_token=${token}` })],
  [
    'the query, beside a good header',
    'TokenInvalid',
    (token) => ({ query: `access_token=${token}`, headers: { authorization: `Bearer ${token}` } }),
  ],
  ['a form', 'TokenMissing', (token) => ({ headers: asForm, body: () => `access_token=${token}` })],
  [
    'the body',
    'TokenMissing',
    (token) => ({ headers: asJson, body: (call) => bodyWith(call, { access_token: token }) }),
  ],
  ['a cookie', 'TokenMissing', (token) => ({ headers: { cookie: `access_token=${token}` } })],
  [
    'other headers',
    'TokenMissing',
    (token) => ({ headers: { 'proxy-authorization': `Bearer ${token}`, 'x-access-token': token, token } }),
  ],
  [
    'two headers that are the same',
    'TokenInvalid',
    (token) => ({ headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } }),
  ],
  [
    'two headers, a good one first',
    'TokenInvalid',
    (token) => ({ headers: { authorization: [`Bearer ${token}`, 'Basic YTpi'] } }),
  ],
  [
    'two headers, a good one last',
    'TokenInvalid',
    (token) => ({ headers: { authorization: ['Basic YTpi', `Bearer ${token}`] } }),
  ],
  [
    'one header of two',
    'TokenInvalid',
    (token) => ({ headers: { authorization: `Bearer ${token}, Bearer ${token}` } }),
  ],
];

async function answerTo(call: ReadyCall, { query, headers, body }: Place) {
  const path = query ? `${call.path}${call.path.includes('?') ? '&' : '?'}${query}` : call.path;
  const sent = request({ host: '127.0.0.1', port: stand.api.rest.port, method: call.method, path, headers });
  sent.end(call.method === 'GET' ? undefined : (body?.(call) ?? bodyWith(call, {})));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { code } = (await json(response)) as { code: string };
  return { status: response.statusCode, headers: response.headers, code };
}

describe('a good token', () => {
  it.each(PLACES)('in %s opens no endpoint: 401 %s, which says how to ask', async (_what, code, place) => {
    const before = await tables.digest();
    const token = forgeToken(stand.config, {});
    for (const endpoint of endpoints) {
      const call = await sampleCall(endpoint, world);
      const { status, headers, ...answer } = await answerTo(call, place(token));
      expect({ call: call.name, status, ...answer }).toEqual({ call: call.name, status: 401, code });
      expect(headers['www-authenticate']).toMatch(/^Bearer realm="slipway"/);
      expect(headers['cs-schema-version']).toBe('1.0');
      expect(JSON.stringify(headers)).not.toContain(token);
    }
    expect(await tables.digest()).toBe(before);
  });
});
