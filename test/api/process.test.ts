import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import { ROOT } from '../_support/api.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { PROVISION } from '../_support/api-states.ts';

let stand: TestPlatform;
let url: string;
beforeAll(async () => {
  // Three calls a tenant, and then hardly one more.
  const env = { SLIPWAY_RATE_LIMIT_TENANT_PER_SECOND: '0.001', SLIPWAY_RATE_LIMIT_BURST_SECONDS: '3000' };
  stand = await openTestPlatform({ parts: ['postgres', 'temporal', 'issuer', 'api'], env });
  url = `http://127.0.0.1:${stand.config.ports.rest}`;
});
afterAll(() => stand?.[Symbol.asyncDispose]());

/** Runs `bin/api.ts` with the platform's settings, changed, until it ends. */
async function runApi(change: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const { config } = stand;
  const child = spawn(process.execPath, [join(ROOT, 'bin/api.ts')], {
    env: { ...config.env, DATABASE_URL: config.databaseUrl, ...change },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { code, said };
}

describe('bin/api.ts', () => {
  it('is ready once database, Temporal and issuer answer, names what it asks beside them, and accepts work while no worker runs', async () => {
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      status: 'ready',
      checks: [
        ...['database', 'temporal', 'issuer'].map((name) => ({ name, needed: true, status: 'ok' })),
        // None runs here; what is asked of it fails, and everything else is served.
        { name: 'supervisor', needed: false, status: 'failed' },
        { name: 'vault', needed: false, status: 'ok' },
      ],
    });
    const token = await obtainToken({ home: stand.home, issuer: stand.config.oidc.issuer });
    const reply = await fetch(`${url}/v1/runtime/environments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(PROVISION),
    });
    expect(reply.status).toBe(202);
  });

  it('says in one sentence which port is taken and which variable sets it', async () => {
    const { code, said } = await runApi({});
    expect(code).toBe(1);
    expect(said.trim()).toBe(
      `Port ${stand.config.ports.rest} is in use: stop what listens there, or set SLIPWAY_REST_PORT to a free one.`,
    );
  });

  it('refuses to listen beyond loopback', async () => {
    const { code, said } = await runApi({ SLIPWAY_HOST: '0.0.0.0' });
    expect(code).toBe(1);
    expect(said).toMatch(/^SLIPWAY_HOST is 0\.0\.0\.0, and beyond loopback this API listens with TLS only: .*\.\n$/);
  });

  it('limits how often a tenant calls, as it is configured, and starts with nothing that is no limit', async () => {
    const token = await obtainToken({ home: stand.home, issuer: stand.config.oidc.issuer, tenant: 'loud' });
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) {
      const headers = { authorization: `Bearer ${token}` };
      statuses.push((await fetch(`${url}/v1/runtime/environments`, { headers })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429]);
    const { code, said } = await runApi({ SLIPWAY_RATE_LIMIT_CLIENT_PER_SECOND: 'many' });
    expect(code).toBe(1);
    expect(said).toBe('SLIPWAY_RATE_LIMIT_CLIENT_PER_SECOND must be a number from 0 to 1000000, not "many".\n');
  });

  it('ends by itself on SIGTERM, letting a call in flight finish', async () => {
    const child = stand.platform.children.api;
    const socket = connect(stand.config.ports.rest, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const token = await obtainToken({ home: stand.home, issuer: stand.config.oidc.issuer });
    const body = JSON.stringify({ ...PROVISION, name: 'in-flight' });
    const head = `POST /v1/runtime/environments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    socket.write(head + body.slice(0, 10));
    // The next answer on another connection proves that the head of this one has arrived.
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    process.kill(child?.pid ?? 0, 'SIGTERM');
    const refused = () =>
      fetch(`${url}/healthz`).then(
        () => false,
        () => true,
      );
    await until(refused, { what: 'the API to take no new calls' });
    socket.write(body.slice(10));
    await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
    expect(await child?.exited).toMatchObject({ code: 0 });
  });
});
