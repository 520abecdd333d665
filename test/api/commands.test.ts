import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noteHeard, unheardCommands, type Unheard } from '../../db/commands.ts';
import { findDeployment } from '../../db/deployments.ts';
import { findOperation } from '../../db/operations.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type Reply } from '../_support/api.ts';
import { deployBody, deploymentAt, readyEnvironment } from '../_support/api-states.ts';
import { awaited, cedarOf, FOUR_EYES, idIn } from '../_support/approvals.ts';

let stand: ApiStand;

beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  stand.call('POST', `/v1/runtime/${path}`, { body, headers });
const give = (id: DeploymentId, command: string, body?: unknown, headers?: Record<string, string>) =>
  post(`deployments/${id}/${command}`, body, headers);
const deploy = async ({ environmentId }: EnvironmentKey, change: Record<string, unknown> = {}) =>
  await post('deployments', deployBody(environmentId, change));

const rowOf = ({ tenantId }: EnvironmentKey, id: DeploymentId) =>
  stand.db.forTenant(tenantId, async (tx) => {
    const deployment = await findDeployment(tx, tenantId, id);
    if (!deployment) throw new Error(`there is no ${id}`);
    return { deployment, operation: await findOperation(tx, tenantId, deployment.operationId) };
  });

/** The command of this answer's operation that no workflow was told of. */
const unheardOf = async ({ body }: Pick<Reply, 'body'>) => {
  const unheard = await stand.db.forSystem((tx) => unheardCommands(tx, new Date(Date.now() + 1_000)));
  return unheard.filter(({ operationId }) => operationId === body.operationId);
};

describe('a command to a deployment on its way, while no worker runs', () => {
  it('stands, is answered 202, and waits to be told again', async () => {
    const key = await readyEnvironment(stand);
    const id = await deploymentAt(stand, key, 'RollingOut');
    const { status, body } = await give(id, 'pause');
    expect({ status, body }).toMatchObject({
      status: 202,
      body: { command: 'pause', wanted: 'pause', deploymentId: id },
    });
    expect(await unheardOf({ body })).toMatchObject([{ command: 'pause' }]);
  });

  it('given again is so already: 202 as long as nobody has heard the first, then 200', async () => {
    const key = await readyEnvironment(stand);
    const id = await deploymentAt(stand, key, 'RollingOut');
    const first = await give(id, 'abort', { reason: 'wrong one' });
    const again = await give(id, 'abort');
    expect([first.status, again.status]).toEqual([202, 202]);
    expect(again.body).toMatchObject({ command: 'abort', wanted: 'abort', deploymentId: id });
    const { operation } = await rowOf(key, id);
    const [unheard] = await unheardOf(again);
    await stand.db.forTenant(key.tenantId, async (tx) => {
      if (unheard) await noteHeard(tx, unheard, unheard.commandId);
    });
    expect((await give(id, 'abort')).status).toBe(200);
    expect(operation?.wantedBecause).toMatchObject({ code: 'OperationAborted' });
    expect(operation?.wantedBecause?.message).toContain('wrong one');
  });

  it('takes it past the step that it is at', async () => {
    const key = await readyEnvironment(stand);
    const id = await deploymentAt(stand, key, 'RollingOut', 1);
    expect((await give(id, 'promote')).body).toMatchObject({ stepsPassed: 2, step: null });
  });

  it('of one Idempotency-Key is given once', async () => {
    const key = await readyEnvironment(stand);
    const id = await deploymentAt(stand, key, 'RollingOut', 0);
    const once = { 'idempotency-key': `once-${id}` };
    const [first, again] = [await give(id, 'promote', {}, once), await give(id, 'promote', {}, once)];
    expect(again.body).toEqual(first.body);
    expect((await rowOf(key, id)).deployment.stepsPassed).toBe(1);
  });

  it('that does not fit is refused with the state it is in, and changes nothing', async () => {
    const key = await readyEnvironment(stand);
    const id = await deploymentAt(stand, key, 'Promoting');
    const before = await rowOf(key, id);
    for (const command of ['pause', 'resume', 'promote', 'abort']) {
      const { status, body } = await give(id, command);
      expect({ status, body }).toMatchObject({ status: 409, body: { code: 'CommandRefused', status: 409 } });
      expect(body).toMatchObject({ deploymentId: id, deploymentStatus: 'Promoting', wanted: 'run' });
    }
    expect(await rowOf(key, id)).toEqual(before);
  });
});

describe('a deployment that waits for its turn', () => {
  it('says that it waits for the lane, until it has begun', async () => {
    const key = await readyEnvironment(stand);
    const { body } = await deploy(key);
    const seen = async (path: string) => (await stand.call('GET', `/v1/runtime/${path}`)).body.waitingOn;
    const lane = { kind: 'queue', since: expect.any(String), reference: `lane/${key.environmentId}` };
    expect(await seen(`deployments/${String(body.deploymentId)}`)).toEqual(lane);
    const begun = await deploymentAt(stand, await readyEnvironment(stand), 'RollingOut');
    expect(await seen(`deployments/${begun}`)).toBeNull();
  });
});

describe('an abort of a deployment that waits for its turn', () => {
  it('ends it there and then', async () => {
    const key = await readyEnvironment(stand);
    const { body } = await deploy(key);
    const id = body.deploymentId as DeploymentId;
    const { status, body: answer } = await give(id, 'abort', { reason: 'too late' });
    expect({ status, answer }).toMatchObject({ status: 200, answer: { status: 'Canceled' } });
    const { body: seen } = await stand.call('GET', `/v1/runtime/deployments/${id}`);
    expect(seen).toMatchObject({ status: 'Canceled', failure: { code: 'OperationAborted' } });
  });
});

describe('a deployment that is not to wait (onConflict: reject)', () => {
  it('is refused while another one is on its way, with its id', async () => {
    const key = await readyEnvironment(stand);
    const id = await deploymentAt(stand, key, 'RollingOut');
    const { operation } = await rowOf(key, id);
    const { status, body } = await deploy(key, { onConflict: 'reject' });
    expect({ status, body }).toMatchObject({
      status: 409,
      body: { code: 'OperationInProgress', operationId: operation?.id, kind: 'deploy' },
    });
  });

  it('is taken where nothing is on its way', async () => {
    expect((await deploy(await readyEnvironment(stand), { onConflict: 'reject' })).status).toBe(202);
  });
});

describe('a deployment that takes the place of others (onConflict: supersede)', () => {
  it('ends those that wait, has the one at work given up, and keeps its own place', async () => {
    const key = await readyEnvironment(stand);
    const atWork = await deploymentAt(stand, key, 'RollingOut');
    const waiting = (await deploy(key)).body.deploymentId as DeploymentId;
    const { status, body } = await deploy(key, { onConflict: 'supersede' });
    expect(status).toBe(202);
    const [worked, waited, taken] = [
      await rowOf(key, atWork),
      await rowOf(key, waiting),
      await rowOf(key, body.deploymentId as DeploymentId),
    ];
    expect(worked.operation).toMatchObject({ wanted: 'abort', wantedBecause: { code: 'OperationSuperseded' } });
    expect(waited.operation).toMatchObject({ phase: 'Superseded', failure: { code: 'OperationSuperseded' } });
    expect(taken.operation).toMatchObject({ phase: 'Requested' });
  });

  it('and wants an approval has nobody give way for what is rejected, and tells the one at work when it is approved', async () => {
    const told: Unheard[] = [];
    const tell = async (command: Unheard) => void told.push(command);
    const api = await stand.start({ governance: cedarOf(FOUR_EYES), tell });
    const key = await readyEnvironment(stand);
    const atWork = await deploymentAt(stand, key, 'RollingOut');
    const waiting = (await deploy(key)).body.deploymentId as DeploymentId;
    const decided = async (verb: 'approve' | 'reject') => {
      const asked = { body: deployBody(key.environmentId, { onConflict: 'supersede' }), token: { subject: 'alice' } };
      const accepted = await stand.call('POST', '/v1/runtime/deployments', { ...asked, api });
      const approvalId = await awaited(stand, key, idIn(accepted));
      const path = `/v1/runtime/approvals/${approvalId}/${verb}`;
      expect((await stand.call('POST', path, { token: { subject: 'bob' }, api })).status).toBe(200);
      return [await rowOf(key, atWork), await rowOf(key, waiting)].map(({ operation }) => operation);
    };
    expect(await decided('reject')).toMatchObject([{ wanted: 'run' }, { phase: 'Requested' }]);
    expect(told).toEqual([]);
    expect(await decided('approve')).toMatchObject([{ wanted: 'abort' }, { phase: 'Superseded' }]);
    const { operationId } = (await rowOf(key, atWork)).deployment;
    expect(told).toMatchObject([{ operationId, command: 'abort' }]);
  });

  it('leaves alone what can be given up no more', async () => {
    const key = await readyEnvironment(stand);
    const atWork = await deploymentAt(stand, key, 'Promoting');
    expect((await deploy(key, { onConflict: 'supersede' })).status).toBe(202);
    expect((await rowOf(key, atWork)).operation).toMatchObject({ phase: 'Promoting', wanted: 'run' });
  });
});

describe('the steps of a deployment', () => {
  const step = { weightPercent: 20, bakeSeconds: 0, promotion: 'gate' };

  it.each([
    ['RollingHealthGated', [step], '/rollout/steps/0'],
    ['Canary', [step, step], '/rollout/steps/1'],
    ['BlueGreen', [step], '/rollout/steps/0'],
    ['Canary', [{ ...step, bakeSeconds: 600 }], '/rollout/progressDeadlineSeconds'],
  ])('of %s are not %j', async (strategy, steps, pointer) => {
    const key = await readyEnvironment(stand);
    const { status, body } = await deploy(key, { strategy, rollout: { steps } });
    expect({ status, pointers: body.errors?.map((error) => error.pointer) }).toEqual({
      status: 400,
      pointers: [pointer],
    });
  });

  it('are shown as they were asked for, or as the strategy has them', async () => {
    const key = await readyEnvironment(stand);
    const shown = async (change: Record<string, unknown>) => {
      const { body } = await deploy(key, change);
      return (await stand.call('GET', `/v1/runtime/deployments/${String(body.deploymentId)}`)).body;
    };
    expect(await shown({ strategy: 'Canary', rollout: { steps: [{ weightPercent: 20 }] } })).toMatchObject({
      ...{ strategy: 'Canary', steps: [step], stepsPassed: 0, step: null, wanted: 'run' },
    });
    expect((await shown({ strategy: 'BlueGreen' })).steps).toEqual([{ ...step, weightPercent: 0 }]);
    expect((await shown({})).steps).toEqual([]);
  });
});
