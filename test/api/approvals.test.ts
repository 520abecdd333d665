import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEnvironment } from '../../db/environments.ts';
import { takeNext } from '../../db/lane.ts';
import type { DeploymentId, EnvironmentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type CallOptions, type Reply, type RunningApi } from '../_support/api.ts';
import { completeDeployment, deployBody, freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';
import { awaited, cedarOf, decide, FOUR_EYES, idIn, operationOf } from '../_support/approvals.ts';

let stand: ApiStand;
let strict: RunningApi;
let sql: Client;
beforeAll(async () => {
  stand = await openApiStand();
  strict = await stand.start({ governance: cedarOf(FOUR_EYES) });
  sql = new Client({ connectionString: stand.config.databaseUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await stand?.[Symbol.asyncDispose]();
});

const deploy = (key: EnvironmentKey, options: CallOptions = {}) =>
  stand.call('POST', '/v1/runtime/deployments', {
    body: deployBody(key.environmentId),
    token: { subject: 'alice' },
    api: strict,
    ...options,
  });
const take = (key: EnvironmentKey) => stand.db.forTenant(key.tenantId, (tx) => takeNext(tx, key));
const environmentOf = (key: EnvironmentKey) => stand.db.forTenant(key.tenantId, (tx) => findEnvironment(tx, key));
const read = async (id: string, options: CallOptions = {}) =>
  await stand.call('GET', `/v1/runtime/approvals/${id}`, options);

/** A deployment that waits for an approval, asked for by alice. */
async function waiting(environment?: EnvironmentKey) {
  const key = environment ?? (await readyEnvironment(stand));
  const reply = await deploy(key);
  expect(reply.status).toBe(202);
  const operationId = idIn(reply);
  return { key, operationId, reply, approvalId: await awaited(stand, key, operationId) };
}

describe('GET /v1/runtime/approvals', () => {
  const list = async (query: string, options: CallOptions = {}) => {
    const { status, body } = await stand.call('GET', `/v1/runtime/approvals?${query}`, options);
    expect(status).toBe(200);
    const { items, nextCursor } = body as { items: { approvalId: string }[]; nextCursor: string | null };
    return { ids: items.map(({ approvalId }) => approvalId), nextCursor };
  };

  it('has those of an environment, the newest first, page by page', async () => {
    const { key, approvalId } = await waiting();
    const second = await waiting(key);
    const first = await list(`environmentId=${key.environmentId}&limit=1`);
    expect(first.ids).toEqual([second.approvalId]);
    const next = await list(`environmentId=${key.environmentId}&limit=1&cursor=${first.nextCursor}`);
    expect(next).toEqual({ ids: [approvalId], nextCursor: null });
  });

  it('has those of a status', async () => {
    const { key, approvalId } = await waiting();
    const second = await waiting(key);
    await decide(stand, approvalId, 'reject');
    const of = `environmentId=${key.environmentId}`;
    expect((await list(`${of}&status=Pending`)).ids).toEqual([second.approvalId]);
    expect((await list(`${of}&status=Rejected`)).ids).toEqual([approvalId]);
  });

  it('has none of another tenant', async () => {
    const { key } = await waiting();
    expect((await list(`environmentId=${key.environmentId}`, { token: { tenant: 'fabrikam' } })).ids).toEqual([]);
  });
});

describe('a change that wants an approval', () => {
  it('is accepted and waits for it, says so, and rings no lane', async () => {
    const key = await readyEnvironment(stand);
    const rung = stand.rings.length;
    const { reply, operationId, approvalId } = await waiting(key);
    expect(reply.body.status).toBe('Requested');
    const views = [
      await stand.call('GET', reply.headers.get('operation-location') ?? ''),
      await stand.call('GET', reply.headers.get('location') ?? ''),
    ];
    for (const { body } of views) {
      expect(body.waitingOn).toEqual({ kind: 'approval', since: expect.any(String), reference: approvalId });
    }
    expect((await read(approvalId)).body).toMatchObject({
      approvalId,
      operationId,
      environmentId: key.environmentId,
      action: 'deployments.create',
      planHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      reasons: ['four-eyes'],
      status: 'Pending',
      requestedBy: { subject: 'alice', clientId: 'slipway-operator' },
      decidedBy: null,
      traceId: reply.body.traceId,
    });
    expect(stand.rings.length).toBe(rung);
  });

  it('is gone past by the lane, so that a person never blocks the environment', async () => {
    const { key, operationId } = await waiting();
    expect(await take(key)).toEqual({ kind: 'idle' });
    const later = await deploy(key, { api: stand.api });
    expect(await take(key)).toMatchObject({ kind: 'run', operation: { id: idIn(later) } });
    expect((await operationOf(stand, key, operationId)).status).toBe('Accepted');
  });

  it('has one approval, however often its Idempotency-Key is used', async () => {
    const key = await readyEnvironment(stand);
    const headers = { 'idempotency-key': 'one-approval' };
    const replies = await Promise.all(Array.from({ length: 20 }, () => deploy(key, { headers })));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(replies.map((reply) => idIn(reply))).size).toBe(1);
    const { rows } = await sql.query('select id from approvals where environment_id = $1', [key.environmentId]);
    expect(rows).toHaveLength(1);
  });

  it('has the time to decide beside the time of the queue', async () => {
    const { key, operationId, approvalId } = await waiting();
    const { deadlineAt, acceptedAt, budgetSeconds } = await operationOf(stand, key, operationId);
    const hours = (ms: number) => Math.round(ms / 3_600_000);
    expect(hours(deadlineAt.getTime() - acceptedAt.getTime() - budgetSeconds * 1000)).toBe(28);
    const { expiresAt } = (await read(approvalId)).body as { expiresAt: string };
    expect(hours(Date.parse(expiresAt) - acceptedAt.getTime())).toBe(24);
  });

  it('leaves a receipt with what governance said', async () => {
    const { reply, operationId } = await waiting();
    const { rows } = await sql.query('select * from requests where trace_id = $1', [reply.body.traceId]);
    expect(rows).toMatchObject([
      { decision: 'allowed', operation_id: operationId, governance: { decision: 'requireApproval' } },
    ]);
  });

  it('may be a rollback', async () => {
    const key = await readyEnvironment(stand);
    for (const api of [stand.api, stand.api]) {
      const { body } = await deploy(key, { api });
      await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
    }
    const { rows } = await sql.query('select id from deployments where environment_id = $1 order by id desc limit 1', [
      key.environmentId,
    ]);
    const path = `/v1/runtime/deployments/${(rows[0] as { id: string }).id}/rollback`;
    const reply = await stand.call('POST', path, { api: strict, token: { subject: 'alice' } });
    expect(reply.status).toBe(202);
    const approvalId = await awaited(stand, key, idIn(reply));
    expect((await read(approvalId)).body.action).toBe('deployments.rollback');
    await decide(stand, approvalId, 'approve');
    expect(await take(key)).toMatchObject({ kind: 'run', operation: { id: idIn(reply) } });
  });
});

describe('a provision that wants an approval', () => {
  const provision = async (name = freshName()) => {
    const body = { ...PROVISION, name };
    const reply = await stand.call('POST', '/v1/runtime/environments', {
      body,
      api: strict,
      token: { subject: 'alice' },
    });
    const key = { tenantId: 'connectsoft', environmentId: reply.body.environmentId as EnvironmentId };
    return { name, reply, key, approvalId: await awaited(stand, key, idIn(reply)) };
  };

  it('waits as an environment that is Provisioning, and what comes after it waits behind it', async () => {
    const { key, reply, approvalId } = await provision();
    const view = await stand.call('GET', reply.headers.get('location') ?? '');
    expect(view.body).toMatchObject({ status: 'Provisioning', waitingOn: { kind: 'approval', reference: approvalId } });
    expect((await deploy(key, { api: stand.api })).status).toBe(202);
    expect(await take(key)).toEqual({ kind: 'idle' });
    await decide(stand, approvalId, 'approve');
    expect(await take(key)).toMatchObject({ kind: 'run', operation: { id: idIn(reply) } });
  });

  it('frees its name when it is rejected', async () => {
    const { name, key, reply, approvalId } = await provision();
    await decide(stand, approvalId, 'reject', { body: { comment: 'not in this region' } });
    const view = await stand.call('GET', reply.headers.get('location') ?? '');
    expect(view.body).toMatchObject({
      status: 'Failed',
      waitingOn: null,
      failure: { code: 'ApprovalRejected', message: 'bob rejected it: not in this region' },
    });
    expect(await take(key)).toEqual({ kind: 'idle' });
    expect((await provision(name)).reply.status).toBe(202);
  });
});

describe('a change that takes effect at once and wants an approval', () => {
  const BOUNDS = { metric: 'cpu', minReplicas: 1, maxReplicas: 2, targetUtilizationPercent: 65, scaleToZero: false };
  const apply = (key: EnvironmentKey, change: object = {}, options: CallOptions = {}) =>
    stand.call('POST', '/v1/runtime/scaling-policies', {
      body: { environmentId: key.environmentId, serviceId: 'module-a', target: 'aks', ...BOUNDS, ...change },
      token: { subject: 'alice' },
      api: strict,
      ...options,
    });
  const asked = async (environment?: EnvironmentKey) => {
    const key = environment ?? (await readyEnvironment(stand));
    const reply = await apply(key);
    expect(reply.status).toBe(403);
    expect(reply.body).toMatchObject({ code: 'GovernanceApprovalRequired', reasons: ['four-eyes'] });
    return { key, reply, approvalId: String(reply.body.approvalId) };
  };

  it('is refused, and its approval is asked for: once, however often the call is made', async () => {
    const { key, reply, approvalId } = await asked();
    expect((await read(approvalId)).body).toMatchObject({
      status: 'Pending',
      action: 'scaling.apply',
      operationId: null,
    });
    const again = await Promise.all(Array.from({ length: 10 }, () => apply(key)));
    expect(new Set(again.map(({ body }) => body.approvalId))).toEqual(new Set([approvalId]));
    const { rows } = await sql.query('select * from requests where trace_id = $1', [reply.body.traceId]);
    expect(rows).toMatchObject([{ decision: 'denied', code: 'GovernanceApprovalRequired' }]);
  });

  it('is made by the same call again, once, when somebody has approved it', async () => {
    const { key, approvalId } = await asked();
    expect((await decide(stand, approvalId, 'approve')).body.status).toBe('Approved');
    const replies = await Promise.all(Array.from({ length: 10 }, () => apply(key)));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ body }) => body.code === 'GovernanceApprovalRequired')).toHaveLength(9);
    expect((await read(approvalId)).body.status).toBe('Consumed');
  });

  it.each<[string, object, CallOptions]>([
    ['another change', { maxReplicas: 3 }, {}],
    ['another requester', {}, { token: { subject: 'mallory' } }],
  ])('is not made by the approval of %s', async (_what, change, options) => {
    const { key, approvalId } = await asked();
    await decide(stand, approvalId, 'approve');
    const other = await apply(key, change, options);
    expect(other.body.code).toBe('GovernanceApprovalRequired');
    expect(other.body.approvalId).not.toBe(approvalId);
    expect((await read(approvalId)).body.status).toBe('Approved');
  });

  it('is not made when its approval was rejected, or has expired', async () => {
    const { key, approvalId } = await asked();
    await decide(stand, approvalId, 'reject');
    const second = await asked(key);
    expect(second.approvalId).not.toBe(approvalId);
    await decide(stand, second.approvalId, 'approve');
    // What was approved is immutable but for its use; time alone passes.
    await sql.query('set session_replication_role = replica');
    await sql.query("update approvals set expires_at = now() - interval '1 second' where id = $1", [second.approvalId]);
    await sql.query('reset session_replication_role');
    expect((await asked(key)).approvalId).not.toBe(second.approvalId);
  });

  it('is asked about anew when what it would change is another by now', async () => {
    const { key, approvalId } = await asked();
    await decide(stand, approvalId, 'approve');
    const { body } = await deploy(key, { api: stand.api });
    await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
    expect((await asked(key)).approvalId).not.toBe(approvalId);
  });

  it('may be one of the environment itself', async () => {
    const key = await readyEnvironment(stand);
    const path = `/v1/runtime/environments/${key.environmentId}`;
    const change = () =>
      stand.call('PATCH', path, { body: { computeTargets: ['aks'] }, api: strict, token: { subject: 'alice' } });
    const first = await change();
    expect(first.body.code).toBe('GovernanceApprovalRequired');
    await decide(stand, String(first.body.approvalId), 'approve');
    expect((await change()).body).toMatchObject({ computeTargets: ['aks'] });
  });
});

describe('approving', () => {
  it('lets the operation begin: it is rung for, takes its place in the queue, and uses the approval up', async () => {
    const { key, operationId, approvalId } = await waiting();
    const rung = stand.rings.length;
    const reply = await decide(stand, approvalId, 'approve', { body: { comment: 'looks good' } });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      status: 'Approved',
      decidedBy: { subject: 'bob', clientId: 'slipway-operator' },
      decidedAt: expect.any(String),
      comment: 'looks good',
    });
    expect(stand.rings.slice(rung)).toEqual([key]);
    expect((await operationOf(stand, key, operationId)).waitingOn).toBeNull();
    expect(await take(key)).toMatchObject({ kind: 'run', operation: { id: operationId } });
    expect((await read(approvalId)).body.status).toBe('Consumed');
  });

  it('leaves a receipt of who decided', async () => {
    const { approvalId, operationId } = await waiting();
    const reply = await decide(stand, approvalId, 'approve');
    const trace = reply.headers.get('x-trace-id');
    const { rows } = await sql.query('select * from requests where trace_id = $1', [trace]);
    expect(rows).toMatchObject([
      {
        decision: 'allowed',
        subject: 'bob',
        operation_id: operationId,
        route: '/runtime/approvals/{approvalId}/approve',
      },
    ]);
  });

  it('answers the same key by the same answer', async () => {
    const { approvalId } = await waiting();
    const first = await decide(stand, approvalId, 'approve', { key: `approve-${approvalId}` });
    const again = await decide(stand, approvalId, 'approve', { key: `approve-${approvalId}` });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
  });
});

describe('rejecting', () => {
  it('ends the operation without a hand on the environment', async () => {
    const { key, operationId, approvalId, reply } = await waiting();
    const before = await environmentOf(key);
    const rejected = await decide(stand, approvalId, 'reject', { body: { comment: 'the wrong release' } });
    expect(rejected.body).toMatchObject({ status: 'Rejected', comment: 'the wrong release' });
    expect(await operationOf(stand, key, operationId)).toMatchObject({
      status: 'Canceled',
      phase: 'Rejected',
      waitingOn: null,
      failure: { code: 'ApprovalRejected', message: 'bob rejected it: the wrong release' },
    });
    const deployment = await stand.call('GET', reply.headers.get('location') ?? '');
    expect(deployment.body.status).toBe('Rejected');
    const after = await environmentOf(key);
    const touched = ({ status, fence, liveSnapshotId, convergeReason }: NonNullable<typeof after>) => [
      ...[status, fence, liveSnapshotId, convergeReason],
    ];
    expect(after && touched(after)).toEqual(before && touched(before));
    expect(await take(key)).toEqual({ kind: 'idle' });
  });
});

describe('who asked for a change', () => {
  it.each(['approve', 'reject'] as const)('cannot %s it: 403, recorded, and it waits on', async (verb) => {
    const { key, operationId, approvalId } = await waiting();
    const own = await decide(stand, approvalId, verb, { subject: 'alice' });
    expect(own.status).toBe(403);
    expect(own.body).toMatchObject({ code: 'ApprovalByRequester', approvalId });
    const { rows } = await sql.query('select * from requests where trace_id = $1', [own.body.traceId]);
    expect(rows).toMatchObject([{ decision: 'denied', code: 'ApprovalByRequester', subject: 'alice' }]);
    expect(await awaited(stand, key, operationId)).toBe(approvalId);
  });

  it('cannot have the client decide by itself that carried the request', async () => {
    const { approvalId } = await waiting();
    const reply = await stand.call('POST', `/v1/runtime/approvals/${approvalId}/approve`);
    expect(reply.body.code).toBe('ApprovalByRequester');
  });
});

describe('an approval', () => {
  it('is decided once: a second decision is 409 with what it is now', async () => {
    const { key, approvalId } = await waiting();
    await decide(stand, approvalId, 'approve');
    const again = await decide(stand, approvalId, 'reject', { subject: 'carol' });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'ApprovalNotPending', approvalId, approvalStatus: 'Approved' });
    await take(key);
    const reused = await decide(stand, approvalId, 'approve', { subject: 'carol' });
    expect(reused.body).toMatchObject({ code: 'ApprovalNotPending', approvalStatus: 'Consumed' });
  });

  it('is decided by exactly one of many at once', async () => {
    const { key, operationId, approvalId } = await waiting();
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        decide(stand, approvalId, n % 2 === 0 ? 'approve' : 'reject', { subject: `approver-${n}` }),
      ),
    );
    const won = replies.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect(replies.filter(({ body }) => body.code === 'ApprovalNotPending')).toHaveLength(19);
    const { phase, waitingOn } = await operationOf(stand, key, operationId);
    expect({ phase, waitingOn }).toEqual({
      phase: won[0]?.body.status === 'Approved' ? 'Requested' : 'Rejected',
      waitingOn: null,
    });
  });

  it('cannot be decided once it has expired, even before reconcile has come by', async () => {
    const { key, operationId, approvalId } = await waiting();
    await sql.query("update approvals set expires_at = now() - interval '1 second' where id = $1", [approvalId]);
    const late = await decide(stand, approvalId, 'approve');
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ code: 'ApprovalNotPending', approvalStatus: 'Expired' });
    expect((await operationOf(stand, key, operationId)).waitingOn?.kind).toBe('approval');
  });

  it('is not there for another tenant, exactly as a missing one', async () => {
    const { approvalId } = await waiting();
    const bare = ({ status, body: { traceId: _t, ...body } }: Reply) => ({ status, body });
    for (const [verb, path] of [
      ['GET', ''],
      ['POST', '/approve'],
      ['POST', '/reject'],
    ] as const) {
      const at = (id: string) => `/v1/runtime/approvals/${id}${path}`;
      const theirs = await stand.call(verb, at(approvalId), { token: { tenant: 'fabrikam' } });
      const missing = await stand.call(verb, at('apr-00000000'), { token: { tenant: 'fabrikam' } });
      expect(theirs.status).toBe(404);
      expect(bare(theirs)).toEqual(bare(missing));
    }
    expect((await read(approvalId)).body.status).toBe('Pending');
  });

  it.each([
    ['a field it does not know', { verdict: 'yes' }, '/verdict'],
    ['an empty comment', { comment: '' }, '/comment'],
    ['a comment that is too long', { comment: 'x'.repeat(1001) }, '/comment'],
  ])('is not decided by a body with %s', async (_what, body, pointer) => {
    const { approvalId } = await waiting();
    const reply = await decide(stand, approvalId, 'approve', { body });
    expect(reply.status).toBe(400);
    expect(reply.body.errors?.map((problem) => problem.pointer)).toContain(pointer);
  });

  it('never changes again once it is over, not even for the owner of the table', async () => {
    const { approvalId } = await waiting();
    await decide(stand, approvalId, 'reject');
    await expect(sql.query("update approvals set status = 'Approved' where id = $1", [approvalId])).rejects.toThrow(
      /immutable/,
    );
  });
});
