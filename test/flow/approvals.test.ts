import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restClient } from '../../local/demo/rest-client.ts';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import { API, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

const POLICIES = join(import.meta.dirname, '../../policies');

interface Waiting {
  waitingOn: { kind: string; reference: string } | null;
}

let folder: string;
let platform: TestPlatform;
/** Who asks. Somebody else decides. */
let operator: Operator;
let environmentId: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slp-'));
  for (const file of ['slipway.cedarschema', 'owning-tenant.cedar', 'samples/approve-production-deployments.cedar']) {
    copyFileSync(join(POLICIES, file), join(folder, file.split('/').at(-1) ?? ''));
  }
  platform = await openTestPlatform({ env: { SLIPWAY_POLICIES: folder } });
  operator = await openOperator(platform);
  environmentId = await operator.provision('approvals');
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The approval that a deployment waits for, once it waits for another one than this. */
const awaited = async (deploymentId: string, not = '') =>
  await until(
    async () => {
      const { body } = await operator.rest.get<Waiting>(`/v1/runtime/deployments/${deploymentId}`);
      const { kind, reference = '' } = body.waitingOn ?? {};
      return kind === 'approval' && reference !== not ? reference : null;
    },
    { what: `${deploymentId} to wait for an approval` },
  );

async function decide(subject: string, approvalId: string, verb: 'approve' | 'reject') {
  const token = await obtainToken({ home: platform.home, issuer: platform.config.oidc.issuer, subject });
  const rest = restClient(`http://127.0.0.1:${platform.config.ports.rest}`, token);
  return await rest.post<{ status: string }>(`/v1/runtime/approvals/${approvalId}/${verb}`);
}

const statusOf = async (approvalId: string) =>
  (await operator.rest.get<{ status: string }>(`/v1/runtime/approvals/${approvalId}`)).body.status;

async function kill(...names: ('api' | 'worker')[]): Promise<void> {
  for (const name of names) platform.platform.children[name]?.kill('SIGKILL');
  for (const name of names) await platform.platform.restart(name);
}

describe('a deployment to production, where a policy wants it approved', () => {
  it('waits until another person approves it, then runs', async () => {
    const id = await operator.deploy({ environmentId, version: '1.4.1' });
    const approvalId = await awaited(id);
    expect((await operator.rest.post(`/v1/runtime/approvals/${approvalId}/approve`)).status).toBe(403);
    expect((await decide('bob', approvalId, 'approve')).body.status).toBe('Approved');
    expect(await operator.ended(id)).toMatchObject({ status: 'Completed', failure: null });
    expect(await statusOf(approvalId)).toBe('Consumed');
  });

  it('runs when it was approved while no worker was there, and the API was killed right after', async () => {
    const id = await operator.deploy({ environmentId, version: '1.4.2' });
    const approvalId = await awaited(id);
    platform.platform.children.worker?.kill('SIGKILL');
    expect((await decide('bob', approvalId, 'approve')).status).toBe(200);
    await kill('api', 'worker');
    expect((await operator.ended(id)).status).toBe('Completed');
    expect(await statusOf(approvalId)).toBe('Consumed');
  });

  it('holds nobody up, outlives API and worker, and is asked about anew when what is live has changed meanwhile', async () => {
    const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
    const approvalId = await awaited(id);
    const policy = { target: 'aks', metric: 'cpu', minReplicas: 2, maxReplicas: 3, targetUtilizationPercent: 65 };
    const scaled = await operator.rest.post<{ deploymentId: string }>('/v1/runtime/scaling-policies', {
      ...{ environmentId, serviceId: API, ...policy, scaleToZero: false },
    });
    expect((await operator.ended(scaled.body.deploymentId)).status).toBe('Completed');
    await kill('api', 'worker');
    expect(await awaited(id)).toBe(approvalId);
    await decide('bob', approvalId, 'approve');
    const next = await awaited(id, approvalId);
    expect(await statusOf(approvalId)).toBe('Withdrawn');
    await decide('carol', next, 'approve');
    expect((await operator.ended(id)).status).toBe('Completed');
  });

  it('ends when it is rejected, and what is live stays', async () => {
    const before = (await operator.environment(environmentId)).inventory;
    const id = await operator.deploy({ environmentId, version: '1.4.2' });
    await decide('bob', await awaited(id), 'reject');
    expect(await operator.ended(id)).toMatchObject({ status: 'Rejected', failure: { code: 'ApprovalRejected' } });
    const { services, deploymentId } = (await operator.environment(environmentId)).inventory;
    expect({ services, deploymentId }).toEqual({ services: before.services, deploymentId: before.deploymentId });
  });
});

describe('a freeze window', () => {
  it('denies a deployment, and lets a rollback wait for its approval', async () => {
    const live = (await operator.environment(environmentId)).inventory.deploymentId;
    const sample = readFileSync(join(POLICIES, 'samples/year-end-freeze.cedar'), 'utf8');
    const hours = (n: number) => new Date(Date.now() + n * 3_600_000).toISOString();
    const [from, to] = [...sample.matchAll(/datetime\("([^"]+)"\)/g)].map(([, date = '']) => date);
    const now = sample.replace(from ?? 'no date', hours(-1)).replace(to ?? 'no date', hours(1));
    expect(now).not.toBe(sample);
    writeFileSync(join(folder, 'freeze.cedar'), now);
    await platform.platform.restart('api');
    const denied = await operator.rest.post('/v1/runtime/deployments', {
      ...{ environmentId, releaseRef: 'release-in-the-freeze', components: bothAt('1.4.2') },
    });
    expect(denied.status).toBe(403);
    expect(denied.body).toMatchObject({ code: 'GovernanceDenied' });
    const back = await operator.rest.post<{ deploymentId: string }>(`/v1/runtime/deployments/${live}/rollback`);
    expect(back.status).toBe(202);
    await awaited(back.body.deploymentId);
  });
});
