import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEnvironment } from '../../db/environments.ts';
import { newId } from '../../db/new-id.ts';
import { takeNext } from '../../db/lane.ts';
import { acceptOperation, endOperation } from '../../db/operations.ts';
import type { Failure } from '../../domain/failures.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type CallOptions } from '../_support/api.ts';
import {
  completeDeployment,
  deployBody,
  endProvisioning,
  freshName,
  PROVISION,
  readyEnvironment,
} from '../_support/api-states.ts';
import { awaited, cedarOf, decide, FOUR_EYES, idIn } from '../_support/approvals.ts';
import { SCALING } from '../_support/sample-world.ts';

let stand: ApiStand;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const decommission = ({ environmentId }: { environmentId: string }, options: CallOptions = {}) =>
  stand.call('POST', `/v1/runtime/environments/${environmentId}/decommission`, options);
const read = ({ environmentId }: EnvironmentKey) => stand.call('GET', `/v1/runtime/environments/${environmentId}`);
const deploy = ({ environmentId }: EnvironmentKey) =>
  stand.call('POST', '/v1/runtime/deployments', { body: deployBody(environmentId) });
const provision = (name: string) => {
  const { tenantId: _stated, ...body } = { ...PROVISION, name };
  return stand.call('POST', '/v1/runtime/environments', { body });
};

/** Claims what is next, as the lane does, and ends it. */
async function endNext(key: EnvironmentKey, failure?: Failure): Promise<void> {
  await stand.db.forTenant(key.tenantId, async (tx) => {
    const work = await takeNext(tx, key);
    if (work.kind !== 'run') throw new Error(`nothing to run: ${work.kind}`);
    const ending = failure ? { phase: 'Failed' as const, failure } : { phase: 'Completed' as const };
    expect(await endOperation(tx, key, work.operation.id, ending)).toBe(true);
  });
}

/** The state that a lane finds, and what it would do. */
const next = (key: EnvironmentKey) =>
  stand.db.forTenant(key.tenantId, async (tx) => ({
    work: (await takeNext(tx, key)).kind,
    status: (await findEnvironment(tx, key))?.status,
  }));

/** The path of an operation that stands in the queue although the API would not have let it in. */
async function queuedBehind(key: EnvironmentKey): Promise<string> {
  const wanted = { ...key, id: newId('op'), kind: 'deploy', budgetSeconds: 60, reserveSeconds: 10 } as const;
  await stand.db.forTenant(key.tenantId, (tx) => acceptOperation(tx, { ...wanted, traceId: 'trace-1' }));
  return `/v1/runtime/operations/${wanted.id}`;
}

describe('POST /v1/runtime/environments/{environmentId}/decommission', () => {
  it('accepts an operation, which is read with the scope of environments', async () => {
    const key = await readyEnvironment(stand);
    const reply = await decommission(key, { body: { tenantId: 'connectsoft', progressDeadlineSeconds: 30 } });
    expect(reply.status).toBe(202);
    expect(reply.body).toEqual({
      environmentId: key.environmentId,
      operationId: expect.stringMatching(/^op-[0-9a-f]{32}$/),
      status: 'Accepted',
      traceId: reply.headers.get('x-trace-id'),
    });
    const path = `/v1/runtime/operations/${String(reply.body.operationId)}`;
    expect([reply.headers.get('location'), reply.headers.get('operation-location')]).toEqual([path, path]);
    const operation = await stand.call('GET', path, { token: { scopes: ['runtime.environments.read'] } });
    expect(operation.body).toMatchObject({
      kind: 'decommission',
      phase: 'Requested',
      resource: `/v1/runtime/environments/${key.environmentId}`,
    });
    const { acceptedAt, deadlineAt } = operation.body as Record<string, string>;
    const queueMs = 4 * 3600 * 1000;
    expect(Date.parse(deadlineAt ?? '') - Date.parse(acceptedAt ?? '')).toBe(queueMs + (30 + 60) * 1000);
    expect(await next(key)).toEqual({ work: 'run', status: 'Decommissioning' });
  });

  it('is the same operation however often it is asked for while it is open', async () => {
    const key = await readyEnvironment(stand);
    const replies = await Promise.all(Array.from({ length: 10 }, () => decommission(key)));
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(202));
    expect(new Set(replies.map(({ body }) => body.operationId)).size).toBe(1);
    await next(key);
    expect((await decommission(key)).body).toMatchObject({
      operationId: replies[0]?.body.operationId,
      status: 'Updating',
      traceId: replies[0]?.body.traceId,
    });
  });

  it('lets nothing more in from then on', async () => {
    const key = await readyEnvironment(stand);
    const first = await deploy(key);
    await completeDeployment(stand.db, key, first.body.deploymentId as DeploymentId);
    const { body } = await decommission(key);
    const of = { environmentId: key.environmentId, serviceId: 'module-reservations-api' };
    const tries = async () => [
      await deploy(key),
      await stand.call('POST', '/v1/runtime/scaling-policies', { body: { ...of, ...SCALING } }),
      await stand.call('POST', '/v1/runtime/secret-bindings', {
        body: { ...of, secrets: [{ name: 'API_KEY', secret: 'api-key' }] },
      }),
      await stand.call('POST', `/v1/runtime/services/${of.serviceId}/restart?environmentId=${of.environmentId}`),
    ];
    const queued = await tries();
    expect(queued.map((reply) => `${reply.status} ${reply.body.code}`)).toEqual(
      Array(4).fill('409 EnvironmentNotReady'),
    );
    expect(queued[0]?.body).toMatchObject({ environmentStatus: 'Ready', operationId: body.operationId });
    await next(key);
    const underWay = await tries();
    expect(underWay.map(({ body: told }) => told.environmentStatus)).toEqual(Array(4).fill('Decommissioning'));
  });

  it('answers 409 for one that is gone, which can be read and whose name is free', async () => {
    const name = freshName();
    const key = await readyEnvironment(stand, { name });
    await decommission(key);
    await endNext(key);
    const again = await decommission(key);
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'EnvironmentDecommissioned', environmentId: key.environmentId });
    expect((await read(key)).body).toMatchObject({ name, status: 'Decommissioned', failure: null });
    expect((await deploy(key)).body.code).toBe('EnvironmentNotReady');
    const other = await provision(name);
    expect(other.status).toBe(202);
    expect(other.body.environmentId).not.toBe(key.environmentId);
  });

  it('ends what still waited for its turn with a code', async () => {
    const key = await readyEnvironment(stand);
    await decommission(key);
    await next(key);
    const late = await queuedBehind(key);
    await endNext(key);
    const operation = await stand.call('GET', late);
    expect(operation.body).toMatchObject({ status: 'Failed', failure: { code: 'EnvironmentGone' } });
    expect(await next(key)).toEqual({ work: 'idle', status: 'Decommissioned' });
  });

  it('says what is left when it was blocked, and another one goes on from there', async () => {
    const key = await readyEnvironment(stand);
    const { body } = await decommission(key);
    const failure: Failure = {
      code: 'LeftoversRemain',
      message: 'Still there: stack booking.',
      leftovers: [{ kind: 'stack', name: 'booking' }],
    };
    await endNext(key, failure);
    expect((await read(key)).body).toMatchObject({ status: 'DecommissionBlocked', failure });
    expect((await deploy(key)).body.code).toBe('EnvironmentNotReady');
    const again = await decommission(key);
    expect(again.body.operationId).not.toBe(body.operationId);
    expect((await read(key)).body.failure).toBeNull();
    await endNext(key);
    expect((await read(key)).body).toMatchObject({ status: 'Decommissioned', failure: null });
  });

  it('is not undone when it was ended from outside: nothing is brought back', async () => {
    const key = await readyEnvironment(stand);
    await decommission(key);
    await stand.db.forTenant(key.tenantId, async (tx) => {
      const work = await takeNext(tx, key);
      if (work.kind !== 'run') throw new Error('nothing to run');
      const failure: Failure = { code: 'OperationTerminated', message: 'by hand' };
      await endOperation(tx, key, work.operation.id, { phase: 'Failed', failure, convergeReason: 'terminated' });
    });
    expect(await next(key)).toEqual({ work: 'idle', status: 'DecommissionBlocked' });
  });

  it('takes over from the clearing up after a failed provision', async () => {
    const { body } = await provision(freshName());
    const key = { tenantId: 'connectsoft', environmentId: body.environmentId as EnvironmentKey['environmentId'] };
    await stand.db.forTenant(key.tenantId, async (tx) => {
      const work = await takeNext(tx, key);
      if (work.kind !== 'run') throw new Error('nothing to run');
      const failure: Failure = { code: 'StackFailed', message: 'The stack could not be made.' };
      await endOperation(tx, key, work.operation.id, { phase: 'Failed', failure, convergeReason: 'it failed' });
    });
    expect(await next(key)).toEqual({ work: 'converge', status: 'Decommissioning' });
    expect((await decommission(key)).status).toBe(202);
    expect(await next(key)).toEqual({ work: 'run', status: 'Decommissioning' });
    await endNext(key);
    expect(await next(key)).toEqual({ work: 'idle', status: 'Decommissioned' });
  });

  it('of one that failed leaves the environment alone that has its name now', async () => {
    const name = freshName();
    const { body } = await provision(name);
    const failed = { tenantId: 'connectsoft', environmentId: body.environmentId as EnvironmentKey['environmentId'] };
    await endProvisioning(stand.db, failed, 'Failed');
    const other = await readyEnvironment(stand, { name });
    expect((await decommission(failed)).status).toBe(202);
    // It goes its way without ever holding the name, and so the stack, again.
    expect(await next(failed)).toEqual({ work: 'run', status: 'Failed' });
    await endNext(failed);
    expect((await read(failed)).body.status).toBe('Decommissioned');
    expect((await read(other)).body.status).toBe('Ready');
  });

  it('that waits for an approval is one however often it is asked for, and keeps nobody out until it is approved', async () => {
    const api = await stand.start({ governance: cedarOf(FOUR_EYES) });
    const key = await readyEnvironment(stand);
    const [first, second] = [await decommission(key, { api }), await decommission(key, { api })];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.operationId).toBe(first.body.operationId);
    const approval = await awaited(stand, key, idIn(first));
    expect((await read(key)).body.waitingOn).toMatchObject({ kind: 'approval', reference: approval });
    expect((await deploy(key)).status).toBe(202);
    expect((await decide(stand, approval, 'approve')).status).toBeLessThan(300);
    expect((await deploy(key)).body.code).toBe('EnvironmentNotReady');
  });

  it("answers 404 for one that is not there, and the same for another tenant's", async () => {
    const key = await readyEnvironment(stand);
    const foreign = await decommission(key, { token: { tenant: 'fabrikam' } });
    const missing = await decommission({ environmentId: 'env-00000000' });
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
    expect((await read(key)).body.status).toBe('Ready');
  });

  it.each([
    ['an unknown field', { force: true }, '/force'],
    ['no time at all', { progressDeadlineSeconds: 0 }, '/progressDeadlineSeconds'],
  ])('answers 400 for %s', async (_name, body, pointer) => {
    const key = await readyEnvironment(stand);
    const reply = await decommission(key, { body });
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'ValidationFailed', errors: [{ pointer }] });
  });

  it('asks governance in production, and is refused where that denies', async () => {
    const asked: string[] = [];
    const api = await stand.start({
      governance: {
        decide: ({ action, planHash }) => {
          asked.push(action);
          return Promise.resolve({ decision: 'deny', reasons: ['kept'], obligations: [], planHash });
        },
      },
    });
    const [prod, dev] = [await readyEnvironment(stand), await readyEnvironment(stand, { stage: 'dev' })];
    const denied = await decommission(prod, { api });
    expect(denied.body).toMatchObject({ code: 'GovernanceDenied', reasons: ['kept'] });
    expect((await decommission(dev, { api })).status).toBe(202);
    expect(asked).toEqual(['environments.decommission']);
  });
});
