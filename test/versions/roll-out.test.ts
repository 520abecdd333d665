/** A new version of the workers beside the old one, as an operator ships it: real processes, one after the other. */
import type { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { ManagedProcess } from '../../local/engines/process.ts';
import { laneWorkflowId, type EnvironmentId } from '../../domain/ids.ts';
import { holdDeployment, type Held } from '../_support/held-deployment.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { promote, startWorker } from '../_support/worker-release.ts';
import { ranOn } from '../_support/workflow-versions.ts';
import { until } from '../_support/until.ts';

let platform: TestPlatform;
let operator: Operator;
let temporal: { client: Client; connection: Connection };
let environmentId: string;
let second: ManagedProcess;
/** Of the workers, by their build. */
let pids: Record<'first' | 'second', number>;

beforeAll(async () => {
  platform = await openTestPlatform({ env: { SLIPWAY_DEPLOYMENT: 'slipway', SLIPWAY_BUILD_ID: 'first' } });
  temporal = openTemporal(platform.config.temporal);
  operator = await openOperator(platform);
});
afterAll(async () => {
  await second?.stop();
  await temporal?.connection.close();
  await platform?.[Symbol.asyncDispose]();
});

const hold = async (version: string) =>
  await holdDeployment(platform, { operator, client: temporal.client }, { environmentId, version });

describe('workers:promote', () => {
  it('changes nothing for a build without workers, and says so', async () => {
    const told = await promote(platform, 'first', { args: ['--build-id', 'nobody', '--wait-seconds', '0'] });
    expect(told).toEqual({
      code: 1,
      text: expect.stringContaining('No worker of build nobody of slipway asks slipway'),
    });
  });

  it('makes the version whose workers came last current; again it changes nothing', async () => {
    // Reconcile may have come first: there is only one.
    expect((await promote(platform, 'first')).code).toBe(0);
    expect(await promote(platform, 'first')).toEqual({ code: 0, text: 'Build first of slipway is current already.\n' });
  });

  it('refuses a platform whose workers have no versions', async () => {
    const { config } = platform.platform;
    const without = { ...config, env: { ...config.env, SLIPWAY_DEPLOYMENT: '' } };
    const told = await promote({ ...platform, platform: { ...platform.platform, config: without } }, 'first');
    expect(told).toEqual({ code: 1, text: expect.stringContaining('SLIPWAY_DEPLOYMENT is not set') });
  });
});

describe('a second version, promoted while an operation is in flight', () => {
  let inFlight: Held;
  let queued: string;

  beforeAll(async () => {
    environmentId = await operator.provision('roll-out');
    second = await startWorker(platform, 'second');
    pids = { first: platform.platform.children.worker?.pid ?? 0, second: second.pid };
    inFlight = await hold('1.4.1');
    queued = await operator.deploy({ environmentId, version: '1.4.2' });
  });

  it('gets nothing until it is promoted; then the one before is needed as long as it has work', async () => {
    const { code, text } = await promote(platform, 'second', { args: ['--build-id', 'second'] });
    expect({ code, text }).toEqual({
      code: 0,
      text:
        'Build second of slipway is current. Before: build first.\n' +
        'Build first is draining: 1 operations run on it. Its workers are needed until it has none.\n',
    });
    expect((await operator.deployment(inFlight.deploymentId)).endedAt).toBeFalsy();
  });

  it('leaves the operation to the first, every step of it, to its good end', async () => {
    await inFlight.release();
    expect((await operator.ended(inFlight.deploymentId)).status).toBe('Completed');
    const ran = await ranOn(temporal.client, inFlight.operationId);
    expect(ran).toMatchObject({ builds: ['first'], pids: [pids.first], behavior: 'pinned' });
  });

  it('takes the lane, and the next operation', async () => {
    const { status, operationId } = await operator.ended(queued);
    expect(status).toBe('Completed');
    const ran = await ranOn(temporal.client, operationId);
    expect(ran).toMatchObject({ builds: ['second'], pids: [pids.second], behavior: 'pinned' });
    const lane = await ranOn(temporal.client, laneWorkflowId(environmentId as EnvironmentId));
    expect(lane).toMatchObject({ builds: ['first', 'second'], behavior: 'auto-upgrade', taskFailures: [] });
  });

  it('runs what is on the queue of stacks too', async () => {
    const another = await operator.provision('roll-out-again');
    const path = `/v1/runtime/operations?environmentId=${another}`;
    const [provision] = (await operator.rest.get<{ items: { operationId: string }[] }>(path)).body.items;
    const ran = await ranOn(temporal.client, provision?.operationId ?? '');
    expect(ran).toMatchObject({ builds: ['second'], pids: [pids.second] });
  });
});

describe('a version whose workers are killed before it has drained', () => {
  it('leaves nothing stuck: what ran on it moves to the current one and ends well', async () => {
    const third = await startWorker(platform, 'third');
    try {
      const { deploymentId, operationId, release } = await hold('1.4.1');
      expect((await promote(platform, 'third', { args: ['--build-id', 'third'] })).code).toBe(0);
      second.kill('SIGKILL');
      // By the loop of the platform's own processes, which has to be sure first that nobody comes.
      const isMoved = async () => (await ranOn(temporal.client, operationId)).isOverridden;
      await until(isMoved, { what: 'the operation to be moved', timeoutMs: 200_000 });
      await release();
      expect(await operator.ended(deploymentId)).toMatchObject({ status: 'Completed', failure: null });
      const ran = await ranOn(temporal.client, operationId);
      expect(ran).toMatchObject({ builds: ['second', 'third'], taskFailures: [] });
    } finally {
      await third.stop();
    }
  });
});
