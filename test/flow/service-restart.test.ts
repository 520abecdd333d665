import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { startLoad } from '../../local/demo/load.ts';
import type { DeploymentView } from '../../local/demo/views.ts';
import { API, FAST_ROLLOUT, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('service-restart');
  await operator.ended(await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) }));
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const pidsOf = (service: string) =>
  runningWorkloads(platform.home).flatMap(({ serviceId, pid }) => (serviceId === service ? [pid] : []));
const actionsOf = ({ components }: DeploymentView) => components.map(({ moduleId, action }) => [moduleId, action]);

async function restart(service = API): Promise<string> {
  const path = `/v1/runtime/services/${service}/restart?environmentId=${environmentId}`;
  const { status, body } = await operator.rest.post<DeploymentView>(path);
  expect({ status, body }).toMatchObject({ status: 202 });
  return body.deploymentId;
}

describe('a restart of a service', () => {
  it('replaces each of its replicas, no other, and fails no request', async () => {
    const endpoint = await operator.endpoint(environmentId, API);
    const [before, others] = [pidsOf(API), pidsOf(WORKER)];
    const load = startLoad(endpoint, 2);
    const ended = await operator.ended(await restart());
    const { failures, versions } = await load.stop();
    expect(ended).toMatchObject({ status: 'Completed', failure: null, releaseRef: 'release-1.4.1', restartOf: API });
    expect(actionsOf(ended)).toEqual([
      [WORKER, 'keep'],
      [API, 'roll'],
    ]);
    expect({ failures, versions: Object.keys(versions) }).toEqual({ failures: [], versions: ['1.4.1'] });
    const after = pidsOf(API);
    expect(after).toHaveLength(2);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(pidsOf(WORKER)).toEqual(others);
    expect(await operator.endpoint(environmentId, API)).toBe(endpoint);
  });

  it('says to operators what it is', async () => {
    const { inventory } = await operator.environment(environmentId);
    const { operationId } = await operator.deployment(inventory.deploymentId ?? '');
    const { client, connection } = openTemporal(platform.config.temporal);
    const told = await client.workflow.getHandle(operationId).describe();
    expect(await told.staticSummary()).toBe(`restart ${API} in service-restart`);
    await connection.close();
  });

  it('leaves the service what it was: the same components asked for again change nothing', async () => {
    const before = runningWorkloads(platform.home);
    const same = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    const actions = actionsOf(await operator.ended(same)).map(([, action]) => action);
    expect(actions).toEqual(['keep', 'keep']);
    expect(runningWorkloads(platform.home)).toEqual(before);
  });

  it('waits for the one before it, and each of them restarts', async () => {
    const ids = await Promise.all([restart(), restart()]);
    const ended = await Promise.all(ids.map((id) => operator.ended(id)));
    expect(ended.map(({ status }) => status)).toEqual(['Completed', 'Completed']);
    const [first, second] = ended.sort((a, b) => String(a.startedAt).localeCompare(String(b.startedAt)));
    expect(first?.endedAt?.localeCompare(String(second?.startedAt))).toBeLessThanOrEqual(0);
    expect(ended.map((one) => actionsOf(one).find(([id]) => id === API)?.[1])).toEqual(['roll', 'roll']);
  });

  it('fails with its code when its service was retired before its turn came', async () => {
    const [api] = bothAt('1.4.1', 2);
    const rest = { environmentId, releaseRef: 'release-api-alone', components: [api], prune: true };
    const pruning = await operator.rest.post<DeploymentView>('/v1/runtime/deployments', {
      ...rest,
      rollout: { ...FAST_ROLLOUT, bakeSeconds: 3 },
    });
    const late = await restart(WORKER);
    expect((await operator.ended(pruning.body.deploymentId)).status).toBe('Completed');
    expect(await operator.ended(late)).toMatchObject({ status: 'Failed', failure: { code: 'ServiceGone' } });
    expect(pidsOf(API)).toHaveLength(2);
  });

  it('goes back when the new replicas cannot start, and what ran goes on without a failed request', async () => {
    const version = await deliverSecret();
    await rm(join(platform.home, 'vault', environmentId, 'api-key', `${version}.json`));
    const before = runningWorkloads(platform.home);
    const load = startLoad(await operator.endpoint(environmentId, API), 2);
    const ended = await operator.ended(await restart());
    expect(ended).toMatchObject({ status: 'RolledBack', failure: { code: 'SecretNotFound' } });
    expect((await load.stop()).failures).toEqual([]);
    expect(runningWorkloads(platform.home)).toEqual(before);
  });
});

/** Puts a secret into the vault, binds the service to it and deploys it with that; returns its version. */
async function deliverSecret(): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/secret.ts'), environmentId, 'api-key'], {
    env: { PATH: process.env.PATH, SLIPWAY_HOME: platform.home },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end('one value\n');
  const { version } = JSON.parse(await text(child.stdout)) as { version: string };
  const secrets = [{ name: 'API_KEY', secret: 'api-key' }];
  await operator.rest.post('/v1/runtime/secret-bindings', { environmentId, serviceId: API, secrets });
  const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
  expect((await operator.ended(id)).status).toBe('Completed');
  return version;
}
