import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { takeNext } from '../../db/lane.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openHttpGovernance } from '../../providers/governance/http.ts';
import { openApiStand, type ApiStand, type RunningApi } from '../_support/api.ts';
import { deployBody, freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';
import { awaited, cedarOf, FOUR_EYES, idIn, operationOf } from '../_support/approvals.ts';
import { openGovernancePlatform, type GovernancePlatform } from '../_support/governance-platform.ts';

let stand: ApiStand;
let there: GovernancePlatform;
let api: RunningApi;
beforeAll(async () => {
  stand = await openApiStand();
  there = await openGovernancePlatform(cedarOf(FOUR_EYES));
  api = await stand.start({ governance: openHttpGovernance(there) });
});
beforeEach(() => {
  there.isBroken = false;
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
  await there?.[Symbol.asyncDispose]();
});

const deploy = (key: EnvironmentKey) =>
  stand.call('POST', '/v1/runtime/deployments', {
    ...{ api, body: deployBody(key.environmentId), token: { subject: 'alice' } },
  });
const decide = (id: string, verb: 'approve' | 'reject', subject = 'bob') =>
  stand.call('POST', `/v1/runtime/approvals/${id}/${verb}`, { api, token: { subject }, body: { comment: 'so be it' } });
const read = async (id: string) => (await stand.call('GET', `/v1/runtime/approvals/${id}`)).body;

async function waiting() {
  const key = await readyEnvironment(stand);
  const operationId = idIn(await deploy(key));
  const approvalId = await awaited(stand, key, operationId);
  return { key, operationId, approvalId, externalId: `ext-${approvalId}` };
}

describe('an approval that the Governance platform keeps too', () => {
  it('is made there, for the same plan', async () => {
    const { approvalId, externalId } = await waiting();
    const { planHash } = await read(approvalId);
    expect(there.approvals.get(externalId)).toMatchObject({ approvalId, planHash, status: 'Pending' });
  });

  it.each([
    ['approve', 'Approved'],
    ['reject', 'Rejected'],
  ] as const)('is told there when somebody may %s it here', async (verb, status) => {
    const { approvalId, externalId } = await waiting();
    const reply = await decide(approvalId, verb);
    expect(reply.body).toMatchObject({ status, decidedBy: { subject: 'bob', clientId: 'slipway-operator' } });
    expect(there.approvals.get(externalId)).toMatchObject({ status, decidedBy: 'bob', comment: 'so be it' });
    expect(there.audit).toContain(`${externalId} ${status} by bob`);
  });

  it('stands as it was approved there, by whom it was approved', async () => {
    const { key, operationId, approvalId, externalId } = await waiting();
    there.decide(externalId, 'Approved', 'carol');
    const reply = await decide(approvalId, 'approve');
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ status: 'Approved', decidedBy: { subject: 'carol', clientId: null } });
    const work = await stand.db.forTenant(key.tenantId, (tx) => takeNext(tx, key));
    expect(work).toMatchObject({ kind: 'run', operation: { id: operationId } });
  });

  it('is rejected here, when it was rejected there, by whoever calls first, also to approve it', async () => {
    const { key, operationId, approvalId, externalId } = await waiting();
    there.decide(externalId, 'Rejected', 'carol');
    const reply = await decide(approvalId, 'approve');
    expect(reply.status).toBe(409);
    expect(reply.body).toMatchObject({ code: 'ApprovalNotPending', approvalStatus: 'Rejected' });
    expect(await operationOf(stand, key, operationId)).toMatchObject({
      phase: 'Rejected',
      failure: { code: 'ApprovalRejected', message: 'carol rejected it.' },
    });
  });

  it('is not approved by its requester over there either', async () => {
    const { key, operationId, approvalId, externalId } = await waiting();
    there.decide(externalId, 'Approved', 'alice');
    expect((await decide(approvalId, 'approve')).body.code).toBe('ApprovalByRequester');
    expect(await awaited(stand, key, operationId)).toBe(approvalId);
  });

  it('is not told there what its requester wants to decide here', async () => {
    const { approvalId, externalId } = await waiting();
    expect((await decide(approvalId, 'approve', 'alice')).status).toBe(403);
    expect(there.approvals.get(externalId)?.status).toBe('Pending');
  });

  it('is not decided while the platform cannot be reached: 503, and it waits on', async () => {
    const { key, operationId, approvalId } = await waiting();
    there.isBroken = true;
    const reply = await decide(approvalId, 'approve');
    expect(reply.status).toBe(503);
    expect(reply.body.code).toBe('GovernanceUnavailable');
    expect(await awaited(stand, key, operationId)).toBe(approvalId);
    there.isBroken = false;
    expect((await decide(approvalId, 'approve')).status).toBe(200);
  });

  it('is decided here when the platform had taken the decision and this side had died over it', async () => {
    const { approvalId, externalId } = await waiting();
    there.decide(externalId, 'Approved', 'bob');
    expect((await decide(approvalId, 'approve')).body).toMatchObject({
      status: 'Approved',
      decidedBy: { subject: 'bob' },
    });
  });
});

describe('a change that wants an approval which cannot be made at the platform', () => {
  it('is refused by 503, and nothing is started', async () => {
    const name = freshName();
    const governance = openHttpGovernance(there);
    const halfAway = await stand.start({
      governance: { ...governance, approvals: { ...openHttpGovernance({ url: 'http://127.0.0.1:1' }).approvals! } },
    });
    const reply = await stand.call('POST', '/v1/runtime/environments', { api: halfAway, body: { ...PROVISION, name } });
    expect(reply.status).toBe(503);
    expect(reply.body.code).toBe('GovernanceUnavailable');
    const list = await stand.call('GET', `/v1/runtime/environments?name=${name}`);
    expect(list.body.items).toEqual([]);
  });
});
