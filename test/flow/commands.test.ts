import { WorkflowUpdateFailedError, type Client, type Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { startLoad } from '../../local/demo/load.ts';
import { API, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;
let temporal: { client: Client; connection: Connection };

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  temporal = openTemporal(platform.config.temporal);
  environmentId = await operator.provision('commands');
  const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 3) });
  expect((await operator.ended(id)).status).toBe('Completed');
});
afterAll(async () => {
  await temporal?.connection.close();
  await platform?.[Symbol.asyncDispose]();
});

const next = (version: string, more: object = {}) =>
  operator.deploy({ environmentId, version, components: bothAt(version, 3), rollout: { maxParallel: 1 }, ...more });
const rolling = (id: string) => operator.reached(id, 'begun to roll', ({ status }) => status === 'RollingOut');
const waits = (id: string, reference: string) =>
  operator.reached(id, `to wait for ${reference}`, ({ waitingOn }) => waitingOn?.reference === reference);
const revisionsOf = (serviceId: string) =>
  new Set(
    runningWorkloads(platform.home)
      .filter((workload) => workload.serviceId === serviceId)
      .map(({ revision }) => revision),
  );

describe('a deployment that is paused', () => {
  it('stops at a step, with both revisions behind the traffic, and goes on to its end when it is resumed', async () => {
    const load = startLoad(await operator.endpoint(environmentId, API), 2);
    const id = await next('1.4.2');
    await rolling(id);
    expect(await operator.command(id, 'pause')).toBe(200);
    const stopped = await waits(id, 'resume');
    expect(stopped).toMatchObject({ status: 'RollingOut', waitingOn: { kind: 'pause' } });
    expect(revisionsOf(API).size).toBe(2);
    // What is asked for twice is so already.
    expect(await operator.command(id, 'pause')).toBe(200);
    expect(await operator.command(id, 'promote')).toBe(409);
    expect(await operator.command(id, 'resume')).toBe(200);
    expect(await operator.ended(id)).toMatchObject({ status: 'Completed', waitingOn: null });
    expect((await load.stop()).failures).toEqual([]);
  });
});

describe('a deployment that is aborted', () => {
  it('goes back to every replica that ran before, and fails no request', async () => {
    const load = startLoad(await operator.endpoint(environmentId, API), 2);
    const [before] = revisionsOf(API);
    const id = await next('1.4.1');
    await operator.reached(id, 'replaced a replica', ({ components }) =>
      components.some((component) => component.moduleId === API && component.replicasReady > 0),
    );
    expect(await operator.command(id, 'abort')).toBe(200);
    expect(await operator.ended(id)).toMatchObject({ status: 'RolledBack', failure: { code: 'OperationAborted' } });
    expect([...revisionsOf(API)]).toEqual([before]);
    expect(runningWorkloads(platform.home).filter(({ serviceId }) => serviceId === API)).toHaveLength(3);
    expect((await load.stop()).failures).toEqual([]);
    expect(await operator.command(id, 'abort')).toBe(409);
  });

  it('goes back while it is paused, too', async () => {
    const id = await next('1.4.1');
    await rolling(id);
    await operator.command(id, 'pause');
    await waits(id, 'resume');
    expect(await operator.command(id, 'abort')).toBe(200);
    expect(await operator.ended(id)).toMatchObject({ status: 'RolledBack', failure: { code: 'OperationAborted' } });
  });
});

describe('a deployment that supersedes', () => {
  it('has the one at work go back, ends the one that waits, and is what runs in the end', async () => {
    const atWork = await next('1.4.1');
    await rolling(atWork);
    const waiting = await next('1.4.1');
    const last = await next('1.4.2', { onConflict: 'supersede' });
    const [first, second, third] = [
      await operator.ended(atWork),
      await operator.ended(waiting),
      await operator.ended(last),
    ];
    expect(first).toMatchObject({ status: 'RolledBack', failure: { code: 'OperationSuperseded' } });
    expect(second).toMatchObject({ status: 'Superseded', startedAt: null });
    expect(third.status).toBe('Completed');
    expect(revisionsOf(API).size).toBe(1);
  });
});

describe('a command while no worker hears', () => {
  it('is answered 202, and heard when one is there again', async () => {
    const id = await next('1.4.1');
    await rolling(id);
    await operator.command(id, 'pause');
    await waits(id, 'resume');
    const { worker } = platform.platform.children;
    worker?.kill('SIGSTOP');
    try {
      expect(await operator.command(id, 'resume')).toBe(202);
    } finally {
      worker?.kill('SIGCONT');
    }
    expect((await operator.ended(id)).status).toBe('Completed');
  });
});

describe('an operator at the Temporal UI', () => {
  it('pauses and resumes by Updates, is refused what does not fit, and stands in the audit', async () => {
    const id = await next('1.4.2');
    const { operationId } = await rolling(id);
    const handle = temporal.client.workflow.getHandle(operationId);
    expect(await handle.executeUpdate('pause')).toMatchObject({ wanted: 'pause' });
    await waits(id, 'resume');
    const refused = await handle.executeUpdate('promote').then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(WorkflowUpdateFailedError);
    expect((refused as WorkflowUpdateFailedError).cause).toMatchObject({ type: 'CommandRefused' });
    expect(await handle.executeUpdate('resume')).toMatchObject({ wanted: 'run' });
    expect((await operator.ended(id)).status).toBe('Completed');
    const { body } = await operator.rest.get<{ items: { subject: string; route: string; operationId: string }[] }>(
      `/v1/runtime/audit?environmentId=${environmentId}&limit=200`,
    );
    const given = body.items.filter((item) => item.subject === 'temporal-operator');
    expect(given.map(({ route, operationId: of }) => [route, of]).sort()).toEqual([
      ['temporal/pause', operationId],
      ['temporal/resume', operationId],
    ]);
  });
});

describe('a deployment that is paused while it is watched', () => {
  it('stops there, at a step and at the end, and is promoted from there when it was resumed', async () => {
    const bakeSeconds = 240;
    const rollout = { maxParallel: 3, bakeSeconds, steps: [{ weightPercent: 50, bakeSeconds }] };
    const id = await next('1.4.1', { components: bothAt('1.4.1', 3).slice(0, 1), strategy: 'Canary', rollout });
    for (const [status, step] of [
      ['RollingOut', 0],
      ['HealthGating', 2],
    ] as const) {
      const isWatched = (now: { status: string; step: number | null }) => now.status === status && now.step === step;
      await operator.reached(id, `come to step ${step}`, isWatched);
      expect(await operator.command(id, 'pause')).toBe(200);
      expect(await waits(id, 'resume')).toMatchObject({ status, step });
      expect(await operator.command(id, 'promote')).toBe(409);
      expect(await operator.command(id, 'resume')).toBe(200);
      expect(await operator.command(id, 'promote')).toBe(200);
    }
    expect(await operator.ended(id)).toMatchObject({ status: 'Completed', stepsPassed: 3 });
  });
});
