import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES, MAX_LINES } from '../../api/rest/body-lines.ts';
import { latestHealth } from '../../db/health.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { internalContract } from '../_support/contract.ts';
import { until } from '../_support/until.ts';

const PATH = '/v1/runtime/internal/health-reports';
const serviceId = 'module-reservations-api';
let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
  await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

let clock = Date.now() - 3_600_000;
const report = (change: Record<string, unknown> = {}) => ({
  ...{ environmentId: key.environmentId, serviceId, status: 'Healthy' },
  checks: [{ name: 'self', status: 'Healthy', durationMs: 3 }],
  evaluatedAt: new Date((clock += 1_000)).toISOString(),
  ...change,
});
const latest = () => stand.db.forTenant(key.tenantId, (tx) => latestHealth(tx, key, serviceId));

interface Ack {
  line: number;
  status: string;
  code?: string;
  errors?: { pointer: string }[];
}

/** A connection whose lines are written and whose acknowledgments are read as the test goes on. */
async function open(api = stand.api): Promise<{ call: ClientRequest; acks: AsyncIterator<Ack> }> {
  const token = await stand.token({ audience: stand.config.oidc.internalAudience, scopes: [] });
  const call = request(`${api.internal.url}${PATH}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
  call.on('error', () => undefined);
  // Listened for from the start: else it is thrown away when it comes.
  const response = once(call, 'response') as Promise<[IncomingMessage]>;
  response.catch(() => undefined);
  call.flushHeaders();
  return { call, acks: acksOf(response) };
}

async function* acksOf(answered: Promise<[IncomingMessage]>): AsyncGenerator<Ack> {
  const [response] = await answered;
  expect(response.statusCode).toBe(200);
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield JSON.parse(text.slice(0, end)) as Ack;
      text = text.slice(end + 1);
    }
  }
  expect(text).toBe('');
}

/** Sends a whole body, and holds what it is answered against the document. */
async function send(body: string | Buffer, headers: Record<string, string> = {}): Promise<Ack[]> {
  const token = await stand.token({ audience: stand.config.oidc.internalAudience, scopes: [] });
  const response = await fetch(`${stand.api.internal.url}${PATH}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson', ...headers },
    body: new Uint8Array(Buffer.from(body)),
  });
  const text = await response.text();
  const { status, headers: got } = response;
  internalContract.checkAnswer({ method: 'POST', path: PATH, status, headers: got, text });
  if (status !== 200) return [{ line: 0, ...(JSON.parse(text) as { status: string; code: string }) }];
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Ack]));
}

const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const saying = (acks: Ack[]) => acks.map(({ line, status, code }) => `${line} ${code ?? status}`);

describe('POST /v1/runtime/internal/health-reports', () => {
  it('records each line, and acknowledges it before the next one is sent', async () => {
    const { call, acks } = await open();
    for (const status of ['Healthy', 'Degraded', 'Healthy'] as const) {
      const sent = report({ status });
      call.write(lines(sent));
      expect((await acks.next()).value).toMatchObject({ status: 'Recorded' });
      expect(await latest()).toMatchObject({ status, evaluatedAt: new Date(sent.evaluatedAt), checks: sent.checks });
    }
    call.end();
    expect((await acks.next()).done).toBe(true);
  });

  it('is what the public health answers, and an event where the status changed', async () => {
    const sent = report({ status: 'Unhealthy' });
    expect(saying(await send(lines(sent)))).toEqual(['1 Recorded']);
    const { body } = await stand.call('GET', `/v1/runtime/services/${serviceId}/health`);
    expect(body).toMatchObject({ status: 'Unhealthy', evaluatedAt: sent.evaluatedAt });
  });

  it('says of a report that was sent before, or is older, that it is outdated', async () => {
    const [older, newer] = [report(), report()];
    expect(saying(await send(lines(newer, newer, older)))).toEqual(['1 Recorded', '2 Outdated', '3 Outdated']);
    expect(await latest()).toMatchObject({ evaluatedAt: new Date(newer.evaluatedAt) });
  });

  it('reports a bad line by its number, and takes the others', async () => {
    const good = () => JSON.stringify(report());
    const invalidUtf8 = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const bad: [Buffer | string, string][] = [
      ['{"environmentId":', 'MalformedJson'],
      [invalidUtf8, 'MalformedJson'],
      ['{"a":1,"a":2}', 'MalformedJson'],
      [JSON.stringify(report({ unknown: 1 })), 'ValidationFailed'],
      [JSON.stringify(report({ status: 'Fine' })), 'ValidationFailed'],
      ['[]', 'ValidationFailed'],
      ['null', 'ValidationFailed'],
      [JSON.stringify(report({ evaluatedAt: '2999-01-01T00:00:00Z' })), 'ValidationFailed'],
      // Before the year 1 as soon as it is told in UTC.
      [JSON.stringify(report({ evaluatedAt: '0001-01-01T00:59:00+01:00' })), 'ValidationFailed'],
      [JSON.stringify(report({ checks: ['a', 'a'].map((name) => ({ name, status: 'Healthy' })) })), 'ValidationFailed'],
      [JSON.stringify(report({ tenantId: 'fabrikam' })), 'TenantMismatch'],
      [JSON.stringify(report({ environmentId: 'env-00000000' })), 'EnvironmentNotFound'],
      [JSON.stringify(report({ serviceId: 'module-unknown' })), 'ServiceNotFound'],
      [`"${'x'.repeat(MAX_LINE_BYTES)}"`, 'BodyTooLarge'],
    ];
    const parts = bad.flatMap(([line]) =>
      [good(), line].map((one) => Buffer.concat([Buffer.from(one), Buffer.from('\n')])),
    );
    const acks = await send(Buffer.concat(parts));
    expect(saying(acks)).toEqual(bad.flatMap(([, code], at) => [`${2 * at + 1} Recorded`, `${2 * at + 2} ${code}`]));
    expect(acks[7]?.errors).toMatchObject([{ pointer: '/unknown' }]);
    const [{ n } = { n: 0 }] = await stand.db.forTenant(key.tenantId, async (tx) => {
      const found = await latestHealth(tx, key, 'module-unknown');
      return [{ n: found ? 1 : 0 }];
    });
    expect(n).toBe(0);
  });

  it('goes past empty lines, takes CR LF, and a last line without an end', async () => {
    const text = `\n \r\n${JSON.stringify(report())}\r\n\n${JSON.stringify(report())}`;
    expect(saying(await send(text))).toEqual(['3 Recorded', '5 Recorded']);
    expect(await send('')).toEqual([]);
    expect(await send('\n\n')).toEqual([]);
  });

  it('takes a line in however many pieces it comes', async () => {
    const { call, acks } = await open();
    for (const byte of Buffer.from(lines(report()))) call.write(Buffer.from([byte]));
    expect((await acks.next()).value).toMatchObject({ line: 1, status: 'Recorded' });
    call.end();
  });

  it('keeps nothing of a line that has no end, however long it gets', async () => {
    const { call, acks } = await open();
    const piece = Buffer.alloc(1024 * 1024, 120);
    for (let sent = 0; sent < 40; sent += 1) if (!call.write(piece)) await once(call, 'drain');
    call.write(`\n${lines(report())}`);
    expect((await acks.next()).value).toMatchObject({ line: 1, code: 'BodyTooLarge' });
    expect((await acks.next()).value).toMatchObject({ line: 2, status: 'Recorded' });
    call.end();
  });

  it('ends after the last line that one body may have', async () => {
    const acks = await send(`${'\n'.repeat(MAX_LINES)}{}\n`);
    expect(saying(acks)).toEqual([`${MAX_LINES + 1} BodyTooLarge`]);
  });

  it('has recorded what was acknowledged when the caller leaves half way, and nothing of half a line', async () => {
    const { call, acks } = await open();
    const whole = report();
    call.write(lines(whole));
    expect((await acks.next()).value).toMatchObject({ status: 'Recorded' });
    call.write(JSON.stringify(report()).slice(0, -1));
    call.destroy();
    const { call: next, acks: nextAcks } = await open();
    next.end(lines(report({ evaluatedAt: whole.evaluatedAt })));
    expect((await nextAcks.next()).value).toMatchObject({ status: 'Outdated' });
    expect(await latest()).toMatchObject({ evaluatedAt: new Date(whole.evaluatedAt) });
  });

  it('reads no more than is acknowledged while the caller reads no acknowledgments', async () => {
    const { call } = await open();
    // Refused without a look at the database, so that the network alone holds it up.
    const many = Buffer.from('{"x":"y"}\n'.repeat(2_000));
    const sent = 4_000 * many.length;
    for (let left = 4_000; left > 0; left -= 1) call.write(many);
    const waiting = async () => {
      const before = call.writableLength;
      await new Promise((resolve) => setImmediate(resolve));
      return before;
    };
    let [last, same] = [await waiting(), 0];
    await until(
      async () => {
        const now = await waiting();
        [last, same] = [now, now === last ? same + 1 : 0];
        return same > 20;
      },
      { what: 'the call to be held up' },
    );
    expect(last).toBeGreaterThan(sent / 2);
    call.destroy();
    expect((await send(lines(report())))[0]?.status).toBe('Recorded');
  });

  it('ends when the server stops, after what it has acknowledged', async () => {
    const own = await stand.start();
    const { call, acks } = await open(own);
    call.write(lines(report()));
    expect((await acks.next()).value).toMatchObject({ line: 1, status: 'Recorded' });
    const began = Date.now();
    await own.internal[Symbol.asyncDispose]();
    expect((await acks.next()).done).toBe(true);
    expect(Date.now() - began).toBeLessThan(4_000);
  });

  it('answers each line 403 once the binding is revoked meanwhile, and again well when it holds again', async () => {
    const at = '/v1/runtime/internal/tenant-bindings';
    const internal = { internal: true };
    const { body } = await stand.call('GET', `${at}?environmentId=${key.environmentId}`, internal);
    const [{ tenantBindingId }] = body.items as [{ tenantBindingId: string }];
    const { call, acks } = await open();
    const next = async () => {
      call.write(lines(report()));
      return (await acks.next()).value as Ack;
    };
    expect(await next()).toMatchObject({ line: 1, status: 'Recorded' });
    await stand.call('POST', `${at}/${tenantBindingId}/revoke`, internal);
    expect(await next()).toMatchObject({ line: 2, status: 'Refused', code: 'BindingRevoked' });
    await stand.call('POST', at, { ...internal, body: { environmentId: key.environmentId } });
    expect(await next()).toMatchObject({ line: 3, status: 'Recorded' });
    call.end();
  });

  it('refuses what is no NDJSON, what is compressed, and tokens that do not belong here, before it reads a line', async () => {
    const before = await latest();
    const token = async (audience: string) => ({ authorization: `Bearer ${await stand.token({ audience })}` });
    const refused = [
      await send(lines(report()), { 'content-type': 'application/json' }),
      await send(lines(report()), { 'content-type': 'application/x-ndjson; charset=utf-16' }),
      await send(lines(report()), { 'content-encoding': 'gzip' }),
      await send(lines(report()), await token('slipway')),
      await send(lines(report()), { authorization: '' }),
    ];
    expect(refused.map(([answer]) => `${answer?.status} ${answer?.code}`)).toEqual([
      ...Array<string>(3).fill('415 UnsupportedMediaType'),
      ...['401 TokenInvalid', '401 TokenMissing'],
    ]);
    expect(await latest()).toEqual(before);
  });
});
