import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { API, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

let platform: TestPlatform;
let operator: Operator;

beforeAll(async () => {
  platform = await openTestPlatform({ env: { SLIPWAY_HEALTH_INTERVAL_SECONDS: '1' } });
  operator = await openOperator(platform);
  const environmentId = await operator.provision('kill-sweep');
  await operator.ended(await operator.deploy({ environmentId, version: '1.4.2' }));
  await seenAfter(0);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

/** Waits until the service was probed after this moment, longer than a heartbeat may be missing. */
async function seenAfter(ms: number): Promise<void> {
  await until(
    async () => {
      const { body } = await operator.rest.get<{ evaluatedAt: string | null }>(`/v1/runtime/services/${API}/health`);
      return Date.parse(body.evaluatedAt ?? '') > ms;
    },
    { what: 'another look at the service', timeoutMs: 90_000 },
  );
}

async function activityEnds(): Promise<(string | null | undefined)[]> {
  const { client, connection } = openTemporal(platform.config.temporal);
  const ends: (string | null | undefined)[] = [];
  for await (const { workflowId, runId } of client.workflow.list({ query: 'WorkflowType = "sweep"' })) {
    const { events = [] } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { activityTaskCompletedEventAttributes: done, activityTaskTimedOutEventAttributes: late } of events ??
      [])
      if (done ?? late) ends.push(done ? 'completed' : 'timed out');
  }
  await connection.close();
  return ends;
}

describe('the health sweep', () => {
  it('is handed over by a worker that stops: its turn ends with what it has done, and the next worker goes on', async () => {
    const before = await activityEnds();
    const stoppedAt = Date.now();
    await platform.platform.children.worker?.stop();
    // It does not keep the worker from ending: that drains nothing longer than it has to.
    expect(Date.now() - stoppedAt).toBeLessThan(9_000);
    await platform.platform.restart('worker');
    await seenAfter(Date.now());
    await until(async () => (await activityEnds()).length > before.length, { what: 'the end of the turn' });
    expect(await activityEnds()).toEqual([...before, 'completed']);
  });

  it('goes on after its worker was killed', async () => {
    platform.platform.children.worker?.kill('SIGKILL');
    await platform.platform.restart('worker');
    await seenAfter(Date.now());
  });

  it('goes on after an operator has terminated it', async () => {
    const { client, connection } = openTemporal(platform.config.temporal);
    await client.workflow.getHandle('sweep/health').terminate('by mistake');
    await connection.close();
    await seenAfter(Date.now() + 5_000);
  });

  it('goes on after Temporal has lost everything', async () => {
    platform.platform.children.temporal?.kill('SIGKILL');
    await platform.platform.children.temporal?.stop();
    rmSync(join(platform.home, 'temporal'), { recursive: true, force: true });
    await platform.platform.restart('temporal');
    await seenAfter(Date.now() + 5_000);
  });
});
