import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMainJob, type MainJobResult } from '../../local/demo/main-job.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';

let platform: TestPlatform;
let operator: Operator;
let result: MainJobResult;
const said: string[] = [];

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  result = await runMainJob({ rest: operator.rest, tenantId: 'connectsoft', say: (line) => said.push(line) });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const imagesOf = (environment: MainJobResult['environment']) =>
  Object.fromEntries(environment.inventory.services.map(({ serviceId, image }) => [serviceId, image]));

describe('the main job', () => {
  it('fails no request while a release is updated and another is refused', () => {
    expect(result.load.failures).toEqual([]);
    expect(Object.keys(result.load.versions).sort()).toEqual(['1.4.1', '1.4.2']);
  });

  it('goes back by itself from a release that never gets healthy, and says why', () => {
    const refused = result.deployments[2];
    expect(refused).toMatchObject({ status: 'RolledBack', failure: { code: 'HealthGateUnhealthy' } });
    expect(refused?.failure?.evidence).toContain('503');
    expect(refused?.failure?.lastLogLines?.join('\n')).toContain('waiting for database schema');
  });

  it('shows the inventory of the last good release', () => {
    expect(result.environment.status).toBe('Ready');
    expect(imagesOf(result.environment)).toEqual({
      [API]: 'acr.azurecr.io/reservations-api:1.4.2',
      [WORKER]: 'acr.azurecr.io/billing-worker:1.4.2',
    });
  });

  it('keeps the history of a deployment with times and reasons', async () => {
    const { body } = await operator.rest.get<{ history: { type: string; phase?: string; at: string }[] }>(
      `/v1/runtime/deployments/${result.deployments[1]?.deploymentId}`,
    );
    const phases = body.history.flatMap(({ phase }) => phase ?? []);
    expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual([
      'Requested',
      'Provisioning',
      'Configuring',
      'RollingOut',
      'HealthGating',
      'Promoting',
      'Completed',
    ]);
    expect(body.history.every(({ at }) => !Number.isNaN(Date.parse(at)))).toBe(true);
  });
});

describe('a dry run', () => {
  it('tells the steps that the deployment then takes, its images resolved, and takes none', async () => {
    const { environmentId } = result.environment;
    const wanted = {
      environmentId,
      releaseRef: 'release-dry',
      components: bothAt('1.4.1', 2).slice(0, 1),
      strategy: 'RollingHealthGated',
    };
    const before = await operator.environment(environmentId);
    type DryRun = { plan: { waves: { serviceId: string; action: string; toRevision: string; digest: string }[][] } };
    const { status, body } = await operator.rest.post<DryRun>('/v1/runtime/deployments?dryRun=true', wanted);
    expect(status).toBe(200);
    expect(await operator.environment(environmentId)).toEqual(before);
    const { body: accepted } = await operator.rest.post<{ deploymentId: string }>('/v1/runtime/deployments', wanted);
    type Step = { moduleId: string; action: string; toRevision: string; digest: string };
    const { components } = (await operator.ended(accepted.deploymentId)) as unknown as { components: Step[] };
    const taken = components.map(({ moduleId, action, toRevision, digest }) => [moduleId, action, toRevision, digest]);
    const told = body.plan.waves.flat().map((step) => [step.serviceId, step.action, step.toRevision, step.digest]);
    expect(told.sort()).toEqual(taken.sort());
    const { body: back } = await operator.rest.post<{ deploymentId: string }>(
      `/v1/runtime/deployments/${accepted.deploymentId}/rollback`,
    );
    expect((await operator.ended(back.deploymentId)).status).toBe('Completed');
  });
});

describe('a rollback on request', () => {
  it('is a new deployment of the earlier snapshot, and takes everything back', async () => {
    const [first, second] = result.deployments;
    const { status, body } = await operator.rest.post<{ deploymentId: string }>(
      `/v1/runtime/deployments/${second?.deploymentId}/rollback`,
    );
    expect(status).toBe(202);
    expect(await operator.ended(body.deploymentId)).toMatchObject({
      status: 'Completed',
      rollbackOf: second?.deploymentId,
    });
    const environment = await operator.environment(result.environment.environmentId);
    expect(imagesOf(environment)).toEqual({
      [API]: 'acr.azurecr.io/reservations-api:1.4.1',
      [WORKER]: 'acr.azurecr.io/billing-worker:1.4.1',
    });
    expect(first?.status).toBe('Completed');
  });

  it('is refused for the first deployment of an environment: there is nothing to go back to', async () => {
    const path = `/v1/runtime/deployments/${result.deployments[0]?.deploymentId}/rollback`;
    const { status, body } = await operator.rest.post<{ code: string }>(path);
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'NothingToRollBackTo' });
  });
});

describe('a deployment', () => {
  it('leaves the services alone that it does not name', async () => {
    const { environmentId } = result.environment;
    const [api] = bothAt('1.4.2', 2);
    const id = await operator.deploy({ environmentId, version: '1.4.2', components: api ? [api] : [] });
    expect((await operator.ended(id)).components).toMatchObject([
      { moduleId: WORKER, action: 'keep', status: 'Unchanged' },
      { moduleId: API, action: 'roll', status: 'Live' },
    ]);
    expect(imagesOf(await operator.environment(environmentId))[WORKER]).toBe('acr.azurecr.io/billing-worker:1.4.1');
  });

  it('fails with code and component before anything changes when an image does not resolve', async () => {
    const { environmentId } = result.environment;
    const before = await operator.environment(environmentId);
    const id = await operator.deploy({ environmentId, version: '9.9.9' });
    const ended = await operator.ended(id);
    expect(ended).toMatchObject({ status: 'Failed', failure: { code: 'ImageNotFound', serviceId: API } });
    expect((await operator.environment(environmentId)).inventory.services).toEqual(before.inventory.services);
  });

  it('only scales a service whose revision stays the same', async () => {
    const { environmentId } = result.environment;
    const [api] = bothAt('1.4.2', 3);
    const id = await operator.deploy({ environmentId, version: '1.4.2', components: api ? [api] : [] });
    const scaled = (await operator.ended(id)).components.find(({ moduleId }) => moduleId === API);
    expect(scaled).toMatchObject({ action: 'scale', status: 'Live', replicasReady: 3 });
  });

  it('waits its turn: deployments of one environment run one after the other, in the order of acceptance', async () => {
    const { environmentId } = result.environment;
    const ids = [];
    for (const version of ['1.4.1', '1.4.2', '1.4.1']) ids.push(await operator.deploy({ environmentId, version }));
    const ended = [];
    for (const id of ids) ended.push(await operator.ended(id));
    expect(ended.map(({ status }) => status)).toEqual(['Completed', 'Completed', 'Completed']);
    const times = ended.map(({ startedAt, endedAt }) => [Date.parse(String(startedAt)), Date.parse(String(endedAt))]);
    for (let index = 1; index < times.length; index += 1) {
      expect(times[index]?.[0]).toBeGreaterThanOrEqual(times[index - 1]?.[1] ?? Infinity);
    }
  });
});
