/** A release whose workflow code cannot go on with what runs: it is found out, and everything goes on with another one. */
import type { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { laneWorkflowId, type EnvironmentId } from '../../domain/ids.ts';
import type { ManagedProcess } from '../../local/engines/process.ts';
import { openTendVersions } from '../../workflows/tend-versions.ts';
import { versionsOf } from '../../workflows/versions.ts';
import { holdDeployment, type Held } from '../_support/held-deployment.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { promote, releaseWith, startWorker, type Release } from '../_support/worker-release.ts';
import { ranOn } from '../_support/workflow-versions.ts';

const LANE = 'workflows/lane.ts';
const DEPLOY = 'workflows/deploy.ts';
const IMPORT = '\nimport ';
/** Under names of its own, whatever else a file imports. */
const FROM_SDK = `${IMPORT}{ patched as isPatched, sleep as rest } from '@temporalio/workflow';`;

/** Both workflows do something first that they did not do before. */
function slower(step: string): Release {
  return releaseWith(
    [LANE, IMPORT, `${FROM_SDK}${IMPORT}`],
    [LANE, 'let rung = true;', `${step} let rung = true;`],
    [DEPLOY, IMPORT, `${FROM_SDK}${IMPORT}`],
    [DEPLOY, 'const begun = await begin(input);', `${step} const begun = await begin(input);`],
  );
}

let platform: TestPlatform;
let operator: Operator;
let temporal: { client: Client; connection: Connection };
let bad: Release;
let mended: Release;
const workers: ManagedProcess[] = [];
let lane: string;
let inFlight: Held;
let queued: string;

beforeAll(async () => {
  bad = slower('await rest(1);');
  mended = slower("if (isPatched('slower')) await rest(1);");
  platform = await openTestPlatform({ env: { SLIPWAY_DEPLOYMENT: 'slipway', SLIPWAY_BUILD_ID: 'first' } });
  temporal = openTemporal(platform.config.temporal);
  operator = await openOperator(platform);
  expect((await promote(platform, 'first')).code).toBe(0);
  const environmentId = await operator.provision('non-determinism');
  lane = laneWorkflowId(environmentId as EnvironmentId);
  workers.push(await startWorker(platform, 'bad', bad));
  inFlight = await holdDeployment(platform, { operator, client: temporal.client }, { environmentId, version: '1.4.1' });
  queued = await operator.deploy({ environmentId, version: '1.4.2' });
});
afterAll(async () => {
  for (const worker of workers) await worker.stop();
  await temporal?.connection.close();
  await platform?.[Symbol.asyncDispose]();
  bad?.[Symbol.dispose]();
  mended?.[Symbol.dispose]();
});

const current = async () => (await versionsOf(temporal.client, 'slipway'))?.current;
const ran = async (workflowId: string) => await ranOn(temporal.client, workflowId);
/** As an acceptance does. */
const ring = async () => await temporal.client.workflow.getHandle(lane).signal('bell');

it('is refused by workers:promote, which names what it could not go on with', async () => {
  const told = await promote(platform, 'bad', { folder: bad.folder, args: ['--build-id', 'bad'] });
  expect(told.code).toBe(1);
  expect(told.text).toMatch(/^Build bad cannot go on with what runs/);
  expect(told.text).toContain(`${lane}: `);
  expect(told.text).toContain('Nondeterminism error');
  expect(await current()).toBe('first');
});

it('promoted all the same, fails the tasks of the lane, where operators see it, and not the pinned operation', async () => {
  const args = ['--build-id', 'bad', '--unchecked'];
  expect((await promote(platform, 'bad', { folder: bad.folder, args })).code).toBe(0);
  await ring();
  const failing = await until(async () => ((await ran(lane)).attempt ?? 0) > 1 && (await ran(lane)), {
    what: 'the lane to fail',
  });
  expect(failing.taskFailures[0]).toContain('Nondeterminism error');
  expect(await ran(inFlight.operationId)).toMatchObject({ builds: ['first'], taskFailures: [] });
});

it('is recovered from by promoting the version before: the lane goes on', async () => {
  expect((await promote(platform, 'first', { args: ['--build-id', 'first'] })).code).toBe(0);
  await until(async () => (await ran(lane)).attempt === null, { what: 'the lane to have gone on' });
  expect((await ran(lane)).builds).toEqual(['first']);
});

it('fails the operation that was moved to it too, when the workers that it was pinned to are gone', async () => {
  const args = ['--build-id', 'bad', '--unchecked'];
  expect((await promote(platform, 'bad', { folder: bad.folder, args })).code).toBe(0);
  // Its own worker asks for tasks all the time from now on.
  await ring();
  platform.platform.children.worker?.kill('SIGKILL');
  const { taskQueue } = platform.config.temporal;
  const tend = openTendVersions({ client: temporal.client, taskQueue }, 'slipway', { thereMs: 15_000 });
  const failing = await until(
    async () => {
      await tend();
      const now = await ran(inFlight.operationId);
      return now.isOverridden && (now.attempt ?? 0) > 1 && now;
    },
    { what: 'the operation to fail its tasks', everyMs: 1_000 },
  );
  expect(failing.taskFailures[0]).toContain('Nondeterminism error');
});

it('is recovered from by promoting a mended version: the operation and what waits behind it end well, nothing twice', async () => {
  workers.push(await startWorker(platform, 'mended', mended));
  const told = await promote(platform, 'mended', { folder: mended.folder, args: ['--build-id', 'mended'] });
  expect(told.text).toContain('Build mended of slipway is current. Before: build bad.');
  expect(told.text).not.toContain('not checked');
  await inFlight.release();
  expect(await operator.ended(inFlight.deploymentId)).toMatchObject({ status: 'Completed', failure: null });
  const next = await operator.ended(queued);
  expect(next).toMatchObject({ status: 'Completed', failure: null });
  expect((await ran(inFlight.operationId)).builds).toEqual(['first', 'mended']);
  expect(await ran(next.operationId)).toMatchObject({ builds: ['mended'], taskFailures: [], isOverridden: false });
});
