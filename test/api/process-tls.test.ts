import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import { PROVISION } from '../_support/api-states.ts';
import { openAuthority } from '../_support/certificates.ts';
import { callHttps } from '../_support/https.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

/** Long enough that a busy machine sees what is true in it. */
const DELAY_SECONDS = 5;

const authority = openAuthority('clients and server');
const client = { ca: authority.cert, ...authority.issue('pipeline') };
const folder = mkdtempSync(join(tmpdir(), 'slt-'));
let stand: TestPlatform;
beforeAll(async () => {
  const server = authority.issue('slipway');
  const file = (name: string, content: Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  stand = await openTestPlatform({
    parts: ['postgres', 'temporal', 'issuer', 'api'],
    env: {
      SLIPWAY_TLS_CERT_FILE: file('cert', server.cert),
      SLIPWAY_TLS_KEY_FILE: file('key', server.key),
      SLIPWAY_TLS_CLIENT_CA_FILE: file('ca', authority.cert),
      SLIPWAY_SHUTDOWN_DELAY_SECONDS: String(DELAY_SECONDS),
    },
  });
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string) => callHttps(`${stand.config.restUrl}${path}`, client);

describe('bin/api.ts with TLS files', () => {
  it('serves with mutual TLS, and is started and stopped like any other', async () => {
    expect(stand.config.restUrl).toMatch(/^https:/);
    await until(async () => (await get('/readyz')).status === 200, { what: 'the API to be ready' });
    await expect(callHttps(`${stand.config.restUrl}/readyz`, { ca: authority.cert })).rejects.toThrow();
  });

  it('ends in order: readiness goes down, calls are taken for a while, those in flight end', async () => {
    const child = stand.platform.children.api;
    const token = await obtainToken({ home: stand.home, issuer: stand.config.oidc.issuer });
    const body = JSON.stringify({ ...PROVISION, name: 'in-flight' });
    const head = `POST /v1/runtime/environments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    const socket = connect({ ...client, host: '127.0.0.1', port: stand.config.ports.rest });
    const answer = text(socket);
    await once(socket, 'secureConnect');
    socket.write(head + body.slice(0, 10));
    expect((await get('/healthz')).status).toBe(200);

    process.kill(child?.pid ?? 0, 'SIGTERM');
    await until(async () => (await get('/readyz')).status === 503, { what: 'readiness to go down' });
    expect(JSON.parse((await get('/readyz')).body)).toMatchObject({ status: 'stopping' });
    expect((await get('/v1/runtime/environments/env-none')).status).toBe(401);

    const refused = () =>
      get('/healthz').then(
        () => false,
        () => true,
      );
    await until(refused, { what: 'the API to take no new calls' });
    expect(child?.running).toBe(true);
    socket.write(body.slice(10));
    expect(await answer).toMatch(/^HTTP\/1\.1 202 /);
    expect(await child?.exited).toMatchObject({ code: 0 });
  });
});
