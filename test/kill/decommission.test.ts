import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { EnvironmentView } from '../../local/demo/views.ts';
import { runningEngine } from '../_support/engine-process.ts';
import { NOTHING, placesOf } from '../_support/environment-places.ts';
import { API, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

interface OperationView {
  status: string;
  failure: { code: string; message: string; leftovers?: unknown[] } | null;
}

let platform: TestPlatform;
let operator: Operator;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

async function deployed(name: string): Promise<string> {
  const environmentId = await operator.provision(name);
  const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
  expect((await operator.ended(id)).status).toBe('Completed');
  return environmentId;
}

async function decommission(environmentId: string): Promise<string> {
  const path = `/v1/runtime/environments/${environmentId}/decommission`;
  const { status, body } = await operator.rest.post<{ operationId: string }>(path);
  expect(status).toBe(202);
  return body.operationId;
}

async function killWorker(): Promise<void> {
  platform.platform.children.worker?.kill('SIGKILL');
  await platform.platform.restart('worker');
}

async function ended(operationId: string): Promise<OperationView> {
  const isOver = ({ status }: OperationView) => status === 'Succeeded' || status === 'Failed';
  const at = async () => {
    const { body } = await operator.rest.get<OperationView>(`/v1/runtime/operations/${operationId}`);
    return isOver(body) ? body : null;
  };
  return await until(at, { what: `${operationId} to end`, timeoutMs: 120_000 });
}

async function expectGone(environmentId: string): Promise<void> {
  expect((await operator.environment(environmentId)).status).toBe('Decommissioned');
  expect(runningWorkloads(platform.home)).toEqual([]);
  expect(await placesOf(platform, environmentId)).toEqual(NOTHING);
}

const statusOf = async (environmentId: string) =>
  ((await operator.environment(environmentId)) as EnvironmentView).status;
const replicas = () => runningWorkloads(platform.home).filter(({ serviceId }) => serviceId === API).length;

describe('a decommission', () => {
  it('comes to its end when the worker is killed while a service is drained', async () => {
    const environmentId = await deployed('killed-draining');
    const endpoint = await operator.endpoint(environmentId, API);
    const slow = fetch(`${endpoint}/?delayMs=4000`);
    const operationId = await decommission(environmentId);
    // The other service is gone; this one waits for the request in flight.
    await until(() => runningWorkloads(platform.home).length === 2, { what: 'one service to be gone', everyMs: 20 });
    expect(replicas()).toBe(2);
    await killWorker();
    expect((await slow).status).toBe(200);
    expect(await ended(operationId)).toMatchObject({ status: 'Succeeded', failure: null });
    await expectGone(environmentId);
  });

  it('comes to its end when the worker is killed with the engine under way', async () => {
    const environmentId = await deployed('killed-with-engine');
    const operationId = await decommission(environmentId);
    await until(() => runningEngine(platform, 'destroy'), { what: 'the engine to run', everyMs: 5 });
    await killWorker();
    expect(await ended(operationId)).toMatchObject({ status: 'Succeeded', failure: null });
    await expectGone(environmentId);
  });

  it('comes to its end when the Pulumi engine is killed in the middle', async () => {
    const environmentId = await deployed('engine-killed');
    const operationId = await decommission(environmentId);
    const pid = await until(() => runningEngine(platform, 'destroy'), { what: 'the engine to run', everyMs: 5 });
    process.kill(pid, 'SIGKILL');
    expect(await ended(operationId)).toMatchObject({ status: 'Succeeded', failure: null });
    await expectGone(environmentId);
  });

  it('that an operator terminates brings nothing back, and the next one comes to the end', async () => {
    const environmentId = await deployed('terminated');
    const operationId = await decommission(environmentId);
    await until(() => runningEngine(platform, 'destroy'), { what: 'the engine to run', everyMs: 5 });
    const { client, connection } = openTemporal(platform.config.temporal);
    await client.workflow.getHandle(operationId).terminate('not today');
    await connection.close();
    expect(await ended(operationId)).toMatchObject({
      status: 'Failed',
      failure: { code: 'OperationTerminated', message: 'not today' },
    });
    expect(await statusOf(environmentId)).toBe('DecommissionBlocked');
    expect(runningWorkloads(platform.home)).toEqual([]);
    expect(await ended(await decommission(environmentId))).toMatchObject({ status: 'Succeeded', failure: null });
    await expectGone(environmentId);
  });
});
