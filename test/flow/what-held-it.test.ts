/** An operation whose time is up, or that somebody ended: whoever asks learns what it waited for, or who ended it. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { Failure } from '../../domain/failures.ts';
import { FAILING, failingComponent, failureOfWorkflow, importFailingImage, toldAlike } from '../_support/failing.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

/** Of the blocks of 200 ports, the last: a second environment gets none. */
const LAST_BLOCK = { SLIPWAY_PORT_BASE: '65300' };

let platform: TestPlatform;
let operator: Operator;
let temporal: ReturnType<typeof openTemporal>;
let environmentId: string;

beforeAll(async () => {
  platform = await openTestPlatform({ env: LAST_BLOCK });
  operator = await openOperator(platform);
  temporal = openTemporal(platform.config.temporal);
  await importFailingImage(platform.home);
  environmentId = await operator.provision('what-held-it');
});
afterAll(async () => {
  await temporal?.connection.close();
  await platform?.[Symbol.asyncDispose]();
});

interface Told {
  status: string;
  phase: string;
  failure: Failure | null;
  waitingOn: { kind: string; reference: string; failure?: Failure } | null;
  traceId: string;
}
const operation = async (id: string) => (await operator.rest.get<Told>(`/v1/runtime/operations/${id}`)).body;
const ofDeployment = async (id: string) => await operation((await operator.deployment(id)).operationId);
const told = async (id: string) =>
  await toldAlike({ platform, operator, client: temporal.client }, await operator.ended(id));

const deploy = (
  components = [failingComponent()],
  rollout: Record<string, unknown> = {},
  more: { onConflict?: string } = {},
) =>
  operator.deploy({
    environmentId,
    version: '1.0.0',
    components,
    rollout: { healthyDeadlineSeconds: 60, ...rollout },
    ...more,
  });

describe('the time of a deployment', () => {
  it('being up, it says which component it was at, what that answered, and what it said', async () => {
    const id = await deploy([failingComponent({ fails: 'is-sick' })], { progressDeadlineSeconds: 10 });
    const failure = await told(id);
    const saw = 'GET /healthz answered 503: no schema';
    expect(failure).toMatchObject({ code: 'ProgressDeadlineExceeded', serviceId: FAILING, evidence: saw });
    expect(failure.probes).toMatchObject([{ saw, status: 'unhealthy' }]);
    expect(failure.lastLogLines).toEqual(['about to fail: is-sick', 'no schema']);
  });

  it('being up while it is paused, it says which command it waited for', async () => {
    const replicas = failingComponent({ replicas: 3 });
    const id = await deploy([replicas], { progressDeadlineSeconds: 15, minHealthySeconds: 2 });
    await operator.reached(id, 'begun to roll', ({ status }) => status === 'RollingOut');
    expect(await operator.command(id, 'pause')).toBeLessThan(300);
    const failure = await told(id);
    expect(failure).toMatchObject({ code: 'ProgressDeadlineExceeded', heldBy: 'resume' });
    expect(failure.message).toContain('It waited for resume.');
  });

  it('being up while a part of the platform is away, it says which; and said so while it waited', async () => {
    platform.platform.children.supervisor?.kill('SIGKILL');
    try {
      const id = await deploy(undefined, { progressDeadlineSeconds: 10 });
      const why = { code: 'ComputeUnavailable', message: 'The supervisor does not answer.' };
      const waiting = { kind: 'platform', reference: 'ComputeUnavailable', failure: why };
      await until(async () => (await ofDeployment(id)).waitingOn?.kind === 'platform', { what: `${id} to be held` });
      expect((await ofDeployment(id)).waitingOn).toMatchObject(waiting);
      const failure = await told(id);
      expect(failure).toMatchObject({ code: 'ProgressDeadlineExceeded', heldBy: 'ComputeUnavailable' });
      expect(failure.message).toContain('held by ComputeUnavailable: The supervisor does not answer.');
    } finally {
      await platform.platform.restart('supervisor');
    }
  });
});

describe('the time of another operation', () => {
  it('being up, it says what held it: the stack and its engine, or the target; and what stood behind it says so too', async () => {
    platform.platform.children.worker?.kill('SIGKILL');
    platform.platform.children.supervisor?.kill('SIGKILL');
    const asked = { projectId: 'proj-booking-saas', name: 'no-room', stage: 'dev', region: 'westeurope' };
    const provision = await operator.rest.post<{ environmentId: string; traceId: string }>('/v1/runtime/environments', {
      ...{ ...asked, isolationModel: 'pool', computeTargets: ['aks'] },
    });
    const another = provision.body.environmentId;
    const behind = await operator.deploy({
      environmentId: another,
      version: '1.0.0',
      components: [failingComponent()],
    });
    const scan = await operator.rest.post<{ operationId: string; traceId: string }>(
      `/v1/runtime/drift/${environmentId}/scan`,
    );
    const { operationId } = scan.body;
    const provisionId = provision.headers.get('operation-location')?.split('/').at(-1) ?? '';
    await haveSeconds([provisionId, operationId], 30);
    await platform.platform.restart('worker');

    await until(async () => (await operation(provisionId)).waitingOn?.kind === 'platform', {
      what: 'the engine to fail',
    });
    const { waitingOn } = await operation(provisionId);
    expect(waitingOn?.failure?.message).toContain('no block of 200 free ports is left');

    const failed = await ended(provisionId);
    const { failure } = failed;
    expect(failed).toMatchObject({ status: 'Failed', traceId: provision.body.traceId });
    expect(failure).toMatchObject({ code: 'ProgressDeadlineExceeded', heldBy: 'StackFailed', traceId: failed.traceId });
    expect(failure?.message).toMatch(/^The environment was not provisioned in time\. .*StackFailed: .*no block of 200/);
    expect(failure?.lastLogLines?.join('\n')).toContain('no block of 200 free ports is left');
    expect(failure).not.toHaveProperty('serviceId');
    expect(await failureOfWorkflow(temporal.client, provisionId)).toEqual(failure);
    expect((await operator.rest.get<Told>(`/v1/runtime/environments/${another}`)).body.failure).toEqual(failure);

    const scanned = await ended(operationId);
    expect(scanned.failure).toMatchObject({
      ...{ code: 'ProgressDeadlineExceeded', heldBy: 'ComputeUnavailable', traceId: scan.body.traceId },
      message: expect.stringContaining('The scan was not through in time.'),
    });
    expect(await failureOfWorkflow(temporal.client, operationId)).toEqual(scanned.failure);

    await platform.platform.restart('supervisor');
    expect(await told(behind)).toMatchObject({ code: 'EnvironmentNotReady', message: 'The environment is Failed.' });
  });
});

describe('what somebody ended', () => {
  it('says who did, and why; and bears the trace of whoever had asked for it', async () => {
    const held = await deploy([failingComponent({ fails: 'is-sick', text: 'held' })]);
    const queued = await deploy();
    const path = `/v1/runtime/deployments/${queued}/abort`;
    expect((await operator.rest.post(path, { reason: 'not today' })).status).toBe(200);
    const aborted = await ofDeployment(queued);
    expect(aborted).toMatchObject({
      phase: 'Canceled',
      failure: {
        code: 'OperationAborted',
        message: 'slipway-operator aborted it: not today',
        traceId: aborted.traceId,
      },
    });

    const last = await deploy([failingComponent({ fails: 'is-sick', text: 'last' })], {}, { onConflict: 'supersede' });
    const { operationId, traceId } = await operator.deployment(last);
    expect(await told(held)).toMatchObject({ code: 'OperationSuperseded', message: `${operationId} took its place.` });
    await operator.reached(last, 'begun to roll', ({ status }) => status === 'RollingOut');
    await temporal.client.workflow.getHandle(operationId).terminate('the release is\u0000 withdrawn');
    expect((await operator.ended(last)).failure).toEqual({
      ...{ code: 'OperationTerminated', message: 'the release is withdrawn', traceId },
    });
  });
});

/** What is accepted gets so much time, instead of the minutes that it has. */
async function haveSeconds(operationIds: string[], seconds: number): Promise<void> {
  const sql = new Client({ connectionString: platform.config.databaseUrl });
  await sql.connect();
  await sql.query('update operations set budget_seconds = $2, reserve_seconds = 5 where id = any($1)', [
    ...[operationIds, seconds],
  ]);
  await sql.end();
}

async function ended(operationId: string): Promise<Told> {
  await until(async () => (await operation(operationId)).status === 'Failed', { what: `${operationId} to end` });
  return await operation(operationId);
}
