/** Versions on a platform that ran without: switched on with work in flight, and with all that Temporal knew lost. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { laneWorkflowId, type EnvironmentId } from '../../domain/ids.ts';
import type { ManagedProcess } from '../../local/engines/process.ts';
import { versionsOf } from '../../workflows/versions.ts';
import { holdDeployment } from '../_support/held-deployment.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { promote, startWorker } from '../_support/worker-release.ts';
import { ranOn } from '../_support/workflow-versions.ts';

let unversioned: TestPlatform;
/** The same one, with the settings that the operator gives what is started from now on. */
let platform: TestPlatform;
let operator: Operator;
let temporal: { client: Client; connection: Connection };
let environmentId: string;
let worker: ManagedProcess;

beforeAll(async () => {
  unversioned = await openTestPlatform();
  const { config } = unversioned.platform;
  const versioned = { ...config, env: { ...config.env, SLIPWAY_DEPLOYMENT: 'slipway' } };
  platform = { ...unversioned, platform: { ...unversioned.platform, config: versioned } };
  temporal = openTemporal(config.temporal);
  operator = await openOperator(unversioned);
  environmentId = await operator.provision('switch');
});
afterAll(async () => {
  await worker?.stop();
  await temporal?.connection.close();
  await unversioned?.[Symbol.asyncDispose]();
});

const ran = async (deploymentId: string) =>
  await ranOn(temporal.client, (await operator.deployment(deploymentId)).operationId);

it('runs without versions by default', async () => {
  const id = await operator.deploy({ environmentId, version: '1.4.1' });
  expect((await operator.ended(id)).status).toBe('Completed');
  expect(await ran(id)).toMatchObject({ builds: [null], behavior: null });
  expect(await versionsOf(temporal.client, 'slipway')).toBeNull();
});

it('goes over to the first version with an operation in flight: that one ends well there, and is pinned to it', async () => {
  const held = await holdDeployment(
    platform,
    { operator, client: temporal.client },
    { environmentId, version: '1.4.2' },
  );
  const queued = await operator.deploy({ environmentId, version: '1.4.1' });
  worker = await startWorker(platform, 'first');
  const told = await promote(platform, 'first', { args: ['--build-id', 'first'] });
  expect(told).toEqual({ code: 0, text: 'Build first of slipway is current. Before: no version.\n' });
  await unversioned.platform.children.worker?.stop();
  await held.release();
  expect(await operator.ended(held.deploymentId)).toMatchObject({ status: 'Completed', failure: null });
  expect(await ran(held.deploymentId)).toMatchObject({ builds: [null, 'first'], behavior: 'pinned', taskFailures: [] });
  expect((await operator.ended(queued)).status).toBe('Completed');
  expect(await ran(queued)).toMatchObject({ builds: ['first'] });
  const lane = await ranOn(temporal.client, laneWorkflowId(environmentId as EnvironmentId));
  expect(lane).toMatchObject({ builds: [null, 'first'], behavior: 'auto-upgrade', taskFailures: [] });
});

it('needs nobody when Temporal has lost everything: the only version there is becomes current again', async () => {
  await unversioned.platform.children.temporal?.stop();
  rmSync(join(unversioned.home, 'temporal'), { recursive: true });
  await unversioned.platform.restart('temporal');
  const id = await operator.deploy({ environmentId, version: '1.4.2' });
  expect(await operator.ended(id)).toMatchObject({ status: 'Completed', failure: null });
  expect(await ran(id)).toMatchObject({ builds: ['first'], behavior: 'pinned' });
  const current = async () => (await versionsOf(temporal.client, 'slipway'))?.current;
  await until(async () => (await current()) === 'first', { what: 'the version to be current' });
});
