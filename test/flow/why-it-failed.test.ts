/** A release that is at fault: whoever asks learns which component, what was seen, and what it said. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { Failure } from '../../domain/failures.ts';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { dumpDatabase } from '../_support/dump-database.ts';
import { dumpHistory, executionsOf, readable } from '../_support/dump-histories.ts';
import { FAILING, failingComponent, importFailingImage, toldAlike, type Ways } from '../_support/failing.ts';
import { API, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let temporal: ReturnType<typeof openTemporal>;
let environmentId: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  temporal = openTemporal(platform.config.temporal);
  await importFailingImage(platform.home);
  environmentId = await operator.provision('why-it-failed');
});
afterAll(async () => {
  await temporal?.connection.close();
  await platform?.[Symbol.asyncDispose]();
});

const rollout = { healthyDeadlineSeconds: 3 };
const told = async (id: string) =>
  await toldAlike({ platform, operator, client: temporal.client }, await operator.ended(id));

/** Deploys it, and gives what it failed of. */
async function failureOf(ways: Ways, of: Record<string, unknown> = rollout): Promise<Failure> {
  const components = [failingComponent(ways)];
  return await told(await operator.deploy({ environmentId, version: '1.0.0', components, rollout: of }));
}

const HEALTHY_WITHIN = '0 of 1 replicas were healthy for 1 s within 3 s.';

describe('a release that does not get healthy', () => {
  it('says which exit code its workload ends with, and what it said before', async () => {
    const failure = await failureOf({ fails: 'ends' });
    expect(failure).toMatchObject({ code: 'HealthGateCrashLoop', serviceId: FAILING, exitCode: 3 });
    expect(failure.message).toMatch(/^module-failing-\S+ was restarted \d+ times, last after .* exit code 3\.$/);
    expect(failure.evidence).toContain('connection refused');
    expect(failure.lastLogLines?.slice(-2)).toEqual(['about to fail: ends', 'no schema']);
  });

  it('says which signal ends its workload', async () => {
    const failure = await failureOf({ fails: 'is-ended' });
    expect(failure).toMatchObject({ code: 'HealthGateCrashLoop', exitSignal: 'SIGKILL' });
    expect(failure).not.toHaveProperty('exitCode');
    expect(failure.message).toContain('SIGKILL');
  });

  it('says what its probe was answered, look by look', async () => {
    const failure = await failureOf({ fails: 'is-sick', replicas: 1 }, { ...rollout, autoRollback: false });
    const saw = 'GET /healthz answered 503: no schema';
    expect(failure).toMatchObject({ code: 'HealthGateUnhealthy', serviceId: FAILING, evidence: saw });
    expect(failure.message).toBe(HEALTHY_WITHIN);
    const { probes = [] } = failure;
    expect(probes.at(-1)).toMatchObject({ status: 'unhealthy', saw, tookMs: expect.any(Number) });
    expect(probes.length).toBe(5);
    expect(new Set(probes.map(({ instanceId }) => instanceId)).size).toBe(1);
    const times = probes.map(({ at }) => at);
    expect(times).toEqual([...new Set(times)].sort());
    expect(failure.lastLogLines).toEqual(['about to fail: is-sick', 'no schema']);
  });

  it('says that nobody listens', async () => {
    const failure = await failureOf({ fails: 'is-deaf' });
    expect(failure).toMatchObject({ code: 'HealthGateNoData', serviceId: FAILING, message: HEALTHY_WITHIN });
    expect(failure.evidence).toMatch(/^GET \/healthz at 127\.0\.0\.1:\d+: connection refused$/);
    expect(failure.probes?.every(({ status }) => status === 'noData')).toBe(true);
    expect(failure.lastLogLines).toEqual(['about to fail: is-deaf', 'no schema']);
  });

  it('says so whatever it says: odd characters, lines without end', async () => {
    const text = `${'a'.repeat(196)}\u{1F6A2}${'b'.repeat(2_000)}\u0000\ud83d\u001b[31mred\u001b[0m`;
    const failure = await failureOf({ fails: 'is-sick', text });
    expect(failure.code).toBe('HealthGateUnhealthy');
    expect(failure.evidence).toContain(`${'a'.repeat(196)}\u{1F6A2}`);
    expect(failure.evidence?.length).toBeLessThan(300);
    const said = failure.lastLogLines?.at(-1) ?? '';
    expect(said.length).toBeLessThanOrEqual(501);
    expect(JSON.stringify(failure)).not.toMatch(/\\u0000|\\ud83d|\\u001b/);
  });

  it('has its component say the same', async () => {
    const components = [failingComponent({ fails: 'ends', text: 'as before' })];
    const ended = await operator.ended(await operator.deploy({ environmentId, version: '1.0.0', components, rollout }));
    expect(ended.components).toMatchObject([{ moduleId: FAILING, failure: ended.failure }]);
  });
});

describe('what is missing', () => {
  it('is named: an image, with the component that wants it', async () => {
    const failure = await told(await operator.deploy({ environmentId, version: '9.9.9' }));
    expect(failure).toMatchObject({ code: 'ImageNotFound', serviceId: API });
    expect(failure.message).toContain('acr.azurecr.io/reservations-api:9.9.9');
  });

  it('is named: ports, with the component that has none', async () => {
    const { body } = await operator.rest.get<{ outputs: { portBase: number; portCount: number } }>(
      `/v1/runtime/environments/${environmentId}`,
    );
    const { portBase, portCount } = body.outputs;
    const first = portBase + Math.floor(portCount / 4);
    const held = await Promise.all(Array.from({ length: portBase + portCount - first }, (_, n) => hold(first + n)));
    try {
      const failure = await failureOf({ text: 'no room' });
      expect(failure).toMatchObject({ code: 'PortsExhausted', serviceId: FAILING });
      expect(failure.message).toContain(`0 are free in ${first}–${portBase + portCount - 1}`);
    } finally {
      for (const server of held) server?.close();
    }
  });
});

describe('a release that cannot go back', () => {
  it('says both reasons, and its component what was seen of the second one', async () => {
    const mark = join(platform.home, 'mark');
    const good = failingComponent({ text: 'good', endsOnceThere: mark });
    const live = await operator.ended(await operator.deploy({ environmentId, version: '1.0.0', components: [good] }));
    expect(live.status).toBe('Completed');
    const before = runningWorkloads(platform.home).filter(({ serviceId }) => serviceId === FAILING);
    const components = [failingComponent({ fails: 'is-sick', text: 'worse' })];
    const id = await operator.deploy({ environmentId, version: '1.0.1', components, rollout });
    await operator.reached(id, 'a replica that is judged', (now) => now.components[0]?.status === 'Gating');
    writeFileSync(mark, '');
    for (const { pid } of before) process.kill(pid, 'SIGKILL');

    const ended = await operator.ended(id);
    expect(ended.status).toBe('RollbackFailed');
    const failure = await told(id);
    expect(failure).toMatchObject({ code: 'HealthGateUnhealthy', evidence: 'GET /healthz answered 503: worse' });
    expect(failure.message).toContain(`${HEALTHY_WITHIN} Going back failed too: `);
    expect(ended.components).toMatchObject([
      { status: 'RollbackFailed', failure: { serviceId: FAILING, exitCode: 3, traceId: ended.traceId } },
    ]);
    expect(ended.components[0]?.failure?.lastLogLines).toContain('about to fail: ends');
    rmSync(mark);
  });
});

describe('a secret that a workload gives away', () => {
  const canary = `canary-${randomBytes(16).toString('hex')}`;

  it('is in no failure, no event, no history and no log that is read', async () => {
    const vault = localVault({ folder: join(platform.home, 'vault'), keyFile: join(platform.home, 'vault.key') });
    const { version } = await vault.put(environmentId, 'api-key', canary, 'op-canary');
    const secrets = [{ name: 'API_KEY', secret: 'api-key' }];
    const bound = await operator.rest.post('/v1/runtime/secret-bindings', {
      environmentId,
      serviceId: FAILING,
      secrets,
    });
    expect(bound.status).toBe(201);
    const failure = await failureOf({ fails: 'is-sick', text: 'the key is ' }, { ...rollout, autoRollback: false });
    expect(failure.evidence).toBe('GET /healthz answered 503: the key is [redacted]');
    expect(failure.lastLogLines).toEqual(['about to fail: is-sick', 'the key is [redacted]']);

    const histories = await Promise.all(
      (await executionsOf(temporal.client)).map(async (each) =>
        readable(await dumpHistory(temporal.client, each, (value) => value)),
      ),
    );
    expect(histories.filter((history) => history.includes(canary))).toEqual([]);
    expect(histories.some((history) => history.includes('the key is [redacted]'))).toBe(true);
    expect(await dumpDatabase(platform.config.databaseUrl)).not.toContain(canary);

    // It runs: its log can be read as it is.
    const healthy = await operator.deploy({
      environmentId,
      version: '1.0.0',
      components: [failingComponent({ text: 'still ' })],
    });
    expect((await operator.ended(healthy)).status).toBe('Completed');
    expect(await logOf(FAILING)).toContain('still [redacted]');

    rmSync(join(platform.home, 'vault', environmentId, 'api-key', `${version}.json`));
    const gone = await failureOf({ text: 'once more ' });
    expect(gone).toMatchObject({ code: 'SecretNotFound', serviceId: FAILING });
    expect(gone.message).toContain(`version ${version} of api-key`);
  });
});

async function logOf(serviceId: string): Promise<string> {
  const { config, home } = platform;
  const token = await obtainToken({ home, issuer: config.oidc.issuer, tenant: 'connectsoft' });
  const path = `/v1/runtime/services/${serviceId}/logs?environmentId=${environmentId}&tail=10`;
  const headers = { authorization: `Bearer ${token}` };
  return await (await fetch(`http://127.0.0.1:${config.ports.rest}${path}`, { headers })).text();
}

/** Null when somebody else has it, which is as good. */
function hold(port: number): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
