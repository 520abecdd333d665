import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEMPORAL } from '../../local/engines/engine.ts';
import { findEngine } from '../../local/engines/find-engine.ts';
import { startLoad } from '../../local/demo/load.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('kill-temporal');
  const first = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
  expect((await operator.ended(first)).status).toBe('Completed');
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

/** The Temporal CLI, as an operator types it. */
async function temporal(...args: string[]): Promise<void> {
  const { config } = platform;
  const toolsFolder = join(import.meta.dirname, '../../tools');
  const binary = await findEngine(TEMPORAL, { env: config.env, toolsFolder, onProgress: () => undefined });
  await promisify(execFile)(binary, [
    ...args,
    '--address',
    config.temporal.address,
    '--namespace',
    config.temporal.namespace,
  ]);
}

const begunToRoll = ({ components }: { components: { status: string }[] }) =>
  components.some(({ status }) => status === 'Gating');

async function expectLive(version: string, replicas: number): Promise<void> {
  const { inventory } = await operator.environment(environmentId);
  expect(inventory.services.map(({ image }) => image.split(':')[1])).toEqual([version, version]);
  await until(() => runningWorkloads(platform.home).length === replicas + 1, {
    what: 'exactly the live snapshot to run',
  });
  const running = runningWorkloads(platform.home);
  expect(running.map(({ serviceId }) => serviceId)).toEqual([WORKER, ...Array<string>(replicas).fill(API)]);
}

describe('a deployment workflow that an operator terminates', () => {
  it('ends its row with that reason, the environment serves its live snapshot, and the next deployment proceeds', async () => {
    const load = startLoad(await operator.endpoint(environmentId, API), 2);
    const id = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2) });
    const { operationId } = await operator.reached(id, 'begun to roll', begunToRoll);
    await temporal('workflow', 'terminate', '--workflow-id', operationId, '--reason', 'the wrong release');
    expect(await operator.ended(id)).toMatchObject({
      status: 'Failed',
      failure: { code: 'OperationTerminated', message: 'the wrong release' },
    });
    const next = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    expect((await operator.ended(next)).status).toBe('Completed');
    await expectLive('1.4.1', 2);
    expect((await load.stop()).failures).toEqual([]);
  });

  it('is brought back to the live snapshot without any further deployment', async () => {
    const id = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2) });
    const { operationId } = await operator.reached(id, 'begun to roll', begunToRoll);
    await temporal('workflow', 'terminate', '--workflow-id', operationId, '--reason', 'once more');
    await operator.ended(id);
    await expectLive('1.4.1', 2);
  });
});

describe('a lane that an operator terminates', () => {
  it('does not take its operation with it, and is there again for the next', async () => {
    const id = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2) });
    await operator.reached(id, 'begun to roll', begunToRoll);
    await temporal('workflow', 'terminate', '--workflow-id', `lane/${environmentId}`, '--reason', 'by mistake');
    const next = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    expect((await operator.ended(id)).status).toBe('Completed');
    expect((await operator.ended(next)).status).toBe('Completed');
    await expectLive('1.4.1', 2);
  });
});

describe('a Temporal that has lost everything', () => {
  it('costs no operation: every row ends and the next deployment is accepted', async () => {
    const running = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2) });
    const queued = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    await operator.reached(running, 'begun to roll', begunToRoll);
    platform.platform.children.temporal?.kill('SIGKILL');
    await platform.platform.children.temporal?.stop();
    rmSync(join(platform.home, 'temporal'), { recursive: true, force: true });
    await platform.platform.restart('temporal');
    expect(await operator.ended(running)).toMatchObject({ status: 'Completed', failure: null });
    expect(await operator.ended(queued)).toMatchObject({ status: 'Completed', failure: null });
    const next = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2) });
    expect((await operator.ended(next)).status).toBe('Completed');
    await expectLive('1.4.2', 2);
  });
});
