import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../api/endpoints.ts';
import type { ApiDeps } from '../../api/deps.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';
import { until } from '../_support/until.ts';

let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

async function raw(text: string): Promise<string> {
  const socket = connect(stand.api.rest.port, '127.0.0.1');
  socket.end(text);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe('every response', () => {
  it.each([
    ['GET', '/healthz', 200],
    ['GET', '/readyz', 200],
    ['POST', '/healthz', 405],
    ['GET', '/', 404],
    ['GET', '/v1/runtime/deployments/dep-1/rollback', 405],
    ['DELETE', '/v1/runtime/deployments/dep-1', 405],
    ['OPTIONS', '/v1/runtime/environments', 405],
    ['OPTIONS', '/openapi.json', 405],
    ['OPTIONS', '/docs', 405],
    ['GET', '/v2/runtime/environments/env-1', 404],
    ['GET', '/V1/runtime/environments/env-1', 404],
    ['GET', '/v1/runtime/environments/env-1', 401],
    ['POST', '/v1/runtime/environments', 401],
  ])('carries version, trace and no trace of the framework: %s %s', async (method, path, status) => {
    const { headers, ...reply } = await stand.call(method, path, { token: null });
    expect(reply.status).toBe(status);
    expect(headers.get('cs-schema-version')).toBe('1.0');
    expect(headers.get('x-trace-id')).toMatch(/^trace-[0-9a-f]{32}$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('content-type')).toBe(status === 200 ? 'application/json' : 'application/problem+json');
  });

  it('keeps its connection for longer than a gateway leaves one idle', async () => {
    expect(await raw('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/\r\nKeep-Alive: timeout=65\r\n/);
  });

  it('says what a known path answers in a 405', async () => {
    expect((await stand.call('PUT', '/v1/runtime/environments')).headers.get('allow')).toBe('POST, GET, HEAD');
    expect((await stand.call('PUT', '/v1/runtime/deployments/dep-1/rollback')).headers.get('allow')).toBe('POST');
    expect((await stand.call('PUT', '/v1/runtime/environments/env-1')).headers.get('allow')).toBe('GET, HEAD, PATCH');
    expect((await stand.call('PUT', '/readyz')).headers.get('allow')).toBe('GET, HEAD');
  });

  it.each([
    ['what is no HTTP', 'HELLO\r\n\r\n', 400],
    ['a request without a host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a tunnel', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n', 405],
    ['a method that nobody answers', 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
    [
      'an expectation that nobody knows',
      'GET /nowhere HTTP/1.1\r\nHost: x\r\nExpect: foo\r\nConnection: close\r\n\r\n',
      404,
    ],
    ['a header too large', `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('is a problem even to %s', async (_name, text, status) => {
    const answer = await raw(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/cs-schema-version: 1\.0/);
    expect(answer).toMatch(/content-type: application\/problem\+json/);
  });
});

describe('the trace', () => {
  const parent = (id: string) => ({ traceparent: `00-${id}-00f067aa0ba902b7-01` });

  it("continues the caller's", async () => {
    const body = { ...PROVISION, name: freshName() };
    const headers = parent('4bf92f3577b34da6a3ce929d0e0e4736');
    const reply = await stand.call('POST', '/v1/runtime/environments', { body, headers });
    expect(reply.headers.get('x-trace-id')).toBe('trace-4bf92f3577b34da6a3ce929d0e0e4736');
    expect(reply.body.traceId).toBe('trace-4bf92f3577b34da6a3ce929d0e0e4736');
  });

  it.each(['0'.repeat(32), 'XYZ', '4BF92F3577B34DA6A3CE929D0E0E4736'])(
    'begins anew for the malformed %s',
    async (id) => {
      const { headers } = await stand.call('GET', '/healthz', { headers: parent(id), token: null });
      expect(headers.get('x-trace-id')).toMatch(/^trace-(?!0{32})[0-9a-f]{32}$/);
      expect(headers.get('x-trace-id')).not.toContain(id);
    },
  );
});

describe('the path without a version', () => {
  it('answers like the one with it, for every endpoint', async () => {
    for (const { method, route } of endpoints) {
      const path = route.replaceAll(/\{\w+\}/g, 'x-1');
      const [short, long] = [await stand.call(method, path), await stand.call(method, `/v1${path}`)];
      expect({ route, status: short.status, code: short.body.code }).toEqual({
        route,
        status: long.status,
        code: long.body.code,
      });
      expect(short.body.code).not.toBe('RouteNotFound');
    }
    const reply = await stand.call('GET', `/runtime/environments/${key.environmentId}`);
    expect(reply.status).toBe(200);
  });
});

describe('HEAD', () => {
  it('answers the headers of GET', async () => {
    const reply = await stand.call('HEAD', `/v1/runtime/environments/${key.environmentId}`);
    expect(reply.status).toBe(200);
    expect(reply.headers.get('cs-schema-version')).toBe('1.0');
  });
});

describe('/readyz', () => {
  it('names each dependency, and answers 503 when one is away', async () => {
    const well = await stand.call('GET', '/readyz', { token: null });
    expect(well.body).toEqual({
      status: 'ready',
      checks: [
        { name: 'database', needed: true, status: 'ok' },
        { name: 'issuer', needed: true, status: 'ok' },
      ],
    });
    const readiness = [
      { name: 'database', isNeeded: true, check: () => stand.db.ping() },
      { name: 'hanging', isNeeded: true, check: () => new Promise(() => undefined) },
      { name: 'failing', isNeeded: true, check: () => Promise.reject(new Error('away')) },
    ];
    const { status, body, headers } = await stand.call('GET', '/readyz', {
      token: null,
      api: await stand.start({ readiness }),
    });
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('5');
    expect(body).toEqual({
      status: 'notReady',
      checks: [
        { name: 'database', needed: true, status: 'ok' },
        { name: 'hanging', needed: true, status: 'failed' },
        { name: 'failing', needed: true, status: 'failed' },
      ],
    });
  });

  it('stays ready, and says so, while something is away that only some calls ask', async () => {
    const readiness = [{ name: 'governance', isNeeded: false, check: () => Promise.reject(new Error('away')) }];
    const { status, body } = await stand.call('GET', '/readyz', { token: null, api: await stand.start({ readiness }) });
    expect(status).toBe(200);
    expect(body).toEqual({ status: 'ready', checks: [{ name: 'governance', needed: false, status: 'failed' }] });
  });
});

describe('a server that stops', () => {
  it.each([
    ['on which nothing was asked', ''],
    ['that waits between two calls', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('does not wait for a connection %s', async (_which, text) => {
    const { rest } = await stand.start();
    const idle = connect(rest.port, '127.0.0.1');
    idle.write(text);
    // It has been accepted by the time that a later one is answered.
    expect((await fetch(`${rest.url}/healthz`)).status).toBe(200);
    const cut = new Promise((resolve) => idle.resume().once('close', resolve));
    await rest[Symbol.asyncDispose]();
    await cut;
  });

  it('waits for a call whose caller has left, as it still uses the database', async () => {
    const asked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const { db } = stand;
    const held: ApiDeps['db'] = {
      ...db,
      async forTenant(tenantId, work) {
        asked.resolve();
        await gate.promise;
        return await db.forTenant(tenantId, work);
      },
    };
    const { rest } = await stand.start({ db: held });
    const caller = connect(rest.port, '127.0.0.1');
    const token = await stand.token();
    caller.write(`GET /v1/runtime/environments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await asked.promise;
    caller.resetAndDestroy();
    const look = () => fetch(`${rest.url}/healthz`, { headers: { connection: 'close' } });
    // What the server answers after the reset, it answers with the caller's connection gone.
    expect((await look()).status).toBe(200);
    let hasStopped = false;
    const stopped = rest[Symbol.asyncDispose]().then(() => (hasStopped = true));
    await until(
      () =>
        look().then(
          () => false,
          () => true,
        ),
      { what: 'the end of the listener' },
    );
    expect(hasStopped).toBe(false);
    gate.resolve();
    await stopped;
  });
});
