import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { laneActivities } from '../../activities/lane.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openWork } from '../../db/open-work.ts';
import type { Governance } from '../../providers/governance/port.ts';
import { openApiStand, type ApiStand, type RunningApi } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { awaited, cedarOf, decide, FOUR_EYES, idIn, operationOf } from '../_support/approvals.ts';

const ALLOWS = cedarOf();
const DENIES = cedarOf('@id("freeze") forbid(principal, action, resource);');
const APPROVES = cedarOf(FOUR_EYES);
const IS_AWAY: Governance = { decide: () => Promise.reject(new Error('nobody listens')) };

let stand: ApiStand;
let strict: RunningApi;
let sql: Client;
beforeAll(async () => {
  stand = await openApiStand();
  strict = await stand.start({ governance: APPROVES });
  sql = new Client({ connectionString: stand.config.databaseUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await stand?.[Symbol.asyncDispose]();
});

/** None is asked for: what is judged here is not provisioned. */
const NO_STACKS = { outputs: () => Promise.resolve(null) };

/** What the lane's own activity takes next, with this decider. */
const takeNext = (key: EnvironmentKey, governance: Governance) =>
  laneActivities(stand.db, governance, NO_STACKS, () => Promise.resolve({ kind: 'missing' })).takeNext(key);

async function deploy(key: EnvironmentKey, api?: RunningApi) {
  const body = deployBody(key.environmentId);
  const reply = await stand.call('POST', '/v1/runtime/deployments', { body, api, token: { subject: 'alice' } });
  return { operationId: idIn(reply), deploymentId: reply.body.deploymentId as DeploymentId };
}

async function approvalsOf(operationId: string): Promise<string[]> {
  const query = 'select status from approvals where operation_id = $1 order by id';
  return (await sql.query<{ status: string }>(query, [operationId])).rows.map(({ status }) => status);
}

/** A deployment that was approved, and another one that has become live before its turn. */
async function overtaken() {
  const key = await readyEnvironment(stand);
  const { operationId } = await deploy(key, strict);
  const approvalId = await awaited(stand, key, operationId);
  const { deploymentId } = await deploy(key);
  await completeDeployment(stand.db, key, deploymentId);
  await decide(stand, approvalId, 'approve');
  return { key, operationId, approvalId };
}

describe('an operation whose plan is the one that was judged', () => {
  it('begins without another question', async () => {
    const key = await readyEnvironment(stand);
    const { operationId } = await deploy(key);
    expect(await takeNext(key, IS_AWAY)).toMatchObject({ kind: 'run', operationId });
  });
});

describe('an operation over another live snapshot than the one that was judged', () => {
  it('begins when governance allows it now; the approval of the other plan is not used for it', async () => {
    const { key, operationId } = await overtaken();
    expect(await takeNext(key, ALLOWS)).toMatchObject({ kind: 'run', operationId });
    expect(await approvalsOf(operationId)).toEqual(['Withdrawn']);
  });

  it('ends Rejected when governance denies it now, with its reason', async () => {
    const { key, operationId } = await overtaken();
    expect(await takeNext(key, DENIES)).toEqual({ kind: 'idle' });
    expect(await operationOf(stand, key, operationId)).toMatchObject({
      phase: 'Rejected',
      status: 'Canceled',
      failure: { code: 'GovernanceDenied', message: expect.stringContaining('freeze') },
    });
    expect(await approvalsOf(operationId)).toEqual(['Withdrawn']);
  });

  it('waits for a new approval when governance wants one now, and begins by that one alone', async () => {
    const { key, operationId, approvalId } = await overtaken();
    expect(await takeNext(key, APPROVES)).toEqual({ kind: 'idle' });
    const next = await awaited(stand, key, operationId);
    expect(next).not.toBe(approvalId);
    const old = await decide(stand, approvalId, 'approve', { subject: 'carol' });
    expect(old.body).toMatchObject({ code: 'ApprovalNotPending', approvalStatus: 'Withdrawn' });
    expect(await takeNext(key, APPROVES)).toEqual({ kind: 'idle' });
    await decide(stand, next, 'approve');
    expect(await takeNext(key, APPROVES)).toMatchObject({ kind: 'run', operationId });
    expect(await approvalsOf(operationId)).toEqual(['Withdrawn', 'Consumed']);
  });

  it('keeps the deadline it had when it waits anew', async () => {
    const { key, operationId } = await overtaken();
    const { deadlineAt, budgetSeconds } = await operationOf(stand, key, operationId);
    await sql.query("update operations set deadline_at = now() + interval '30 minutes' where id = $1", [operationId]);
    await takeNext(key, APPROVES);
    const row = await operationOf(stand, key, operationId);
    expect(row.deadlineAt.getTime()).toBeLessThan(deadlineAt.getTime());
    const { rows } = await sql.query<{ expires_at: Date }>('select expires_at from approvals where id = $1', [
      await awaited(stand, key, operationId),
    ]);
    expect(rows[0]?.expires_at.getTime()).toBe(row.deadlineAt.getTime() - budgetSeconds * 1000);
  });

  it('does not begin while governance gives no decision, holds nobody up, and is looked at again', async () => {
    const { key, operationId } = await overtaken();
    const later = await deploy(key);
    expect(await takeNext(key, IS_AWAY)).toMatchObject({ kind: 'run', operationId: later.operationId });
    const { status, waitingOn } = await operationOf(stand, key, operationId);
    expect({ status, waitingOn }).toMatchObject({
      status: 'Accepted',
      waitingOn: { kind: 'platform', reference: 'GovernanceUnavailable' },
    });
    const work = await stand.db.forSystem((tx) => openWork(tx, new Date(Date.now() + 1_000)));
    expect(work.find((item) => item.operationId === operationId)?.hasLaneWork).toBe(true);
    await completeDeployment(stand.db, key, later.deploymentId);
    expect(await takeNext(key, ALLOWS)).toMatchObject({ kind: 'run', operationId });
    expect((await operationOf(stand, key, operationId)).waitingOn).toBeNull();
  });

  it('is judged the same when nobody had to approve it', async () => {
    const key = await readyEnvironment(stand);
    const first = await deploy(key);
    const second = await deploy(key);
    await completeDeployment(stand.db, key, first.deploymentId);
    expect(await takeNext(key, DENIES)).toEqual({ kind: 'idle' });
    expect((await operationOf(stand, key, second.operationId)).failure?.code).toBe('GovernanceDenied');
  });
});

describe('an approval that is not of this operation and plan', () => {
  it.each([
    ['another plan', "update operations set judged = jsonb_set(judged, '{planHash}', '\"other\"') where id = $1"],
    [
      'another operation',
      `update operations o set judged = jsonb_set(judged, '{approvalId}', to_jsonb((
         select id from approvals a where a.operation_id <> o.id and a.status = 'Approved' limit 1))) where id = $1`,
    ],
    ['nobody', "update operations set judged = jsonb_set(judged, '{approvalId}', '\"apr-0\"') where id = $1"],
  ])('lets nothing begin: the one of %s', async (_whose, tampering) => {
    const other = await readyEnvironment(stand);
    const approved = await deploy(other, strict);
    await decide(stand, await awaited(stand, other, approved.operationId), 'approve');
    const key = await readyEnvironment(stand);
    const { operationId } = await deploy(key, strict);
    await decide(stand, await awaited(stand, key, operationId), 'approve');
    await sql.query(tampering, [operationId]);
    expect(await takeNext(key, IS_AWAY)).toEqual({ kind: 'idle' });
    expect((await operationOf(stand, key, operationId)).status).toBe('Accepted');
  });

  it('lets nothing begin, also when the waiting was taken away by hand', async () => {
    const key = await readyEnvironment(stand);
    const { operationId } = await deploy(key, strict);
    await sql.query('update operations set waiting_on = null where id = $1', [operationId]);
    expect(await takeNext(key, IS_AWAY)).toEqual({ kind: 'idle' });
  });
});
