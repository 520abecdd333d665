import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentView } from '../../local/demo/views.ts';
import { ImageStore } from '../../local/supervisor/images/image-store.ts';
import { API, FAST_ROLLOUT, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let staging: string;
let prod: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  [staging, prod] = await Promise.all([operator.provision('from-here'), operator.provision('to-there')]);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

async function promote(fromDeploymentId: string, change: Record<string, unknown> = {}): Promise<DeploymentView> {
  const body = { environmentId: prod, fromDeploymentId, rollout: FAST_ROLLOUT, ...change };
  const accepted = await operator.rest.post<DeploymentView>('/v1/runtime/deployments', body);
  expect(accepted).toMatchObject({ status: 202 });
  return await operator.ended(accepted.body.deploymentId);
}

async function publish(environmentId: string, values: Record<string, string>): Promise<string> {
  const { body } = await operator.rest.post<{ configurationId: string }>('/v1/runtime/configurations', {
    ...{ environmentId, values },
  });
  return body.configurationId;
}

/** Makes the tag name another image from now on. */
async function moveTag(reference: string): Promise<void> {
  const source = join(import.meta.dirname, '../../samples/reservations-api');
  const env = { APP_VERSION: 'moved', NEEDS_SCHEMA: '41' };
  const config = { entrypoint: ['node', 'server.mjs'], env };
  await new ImageStore(join(platform.home, 'images')).importImage({ reference, source, config });
}

/** What the workload behind an endpoint says of itself. */
async function seen(environmentId: string) {
  const answer = await fetch(await operator.endpoint(environmentId, API));
  return (await answer.json()) as { version: string; configuration: { env: Record<string, string> } };
}

const digests = ({ components }: DeploymentView) =>
  (components as unknown as { moduleId: string; digest: string }[]).map(({ moduleId, digest }) => [moduleId, digest]);

describe('a promotion', () => {
  let tried: DeploymentView;

  it('runs the digests that were tried, though the tag names something else by then', async () => {
    const id = await operator.deploy({ environmentId: staging, version: '1.4.2', components: bothAt('1.4.2', 2) });
    tried = await operator.ended(id);
    expect(tried.status).toBe('Completed');
    await moveTag('acr.azurecr.io/reservations-api:1.4.2');
    const promoted = await promote(id);
    expect(promoted).toMatchObject({
      status: 'Completed',
      releaseRef: 'release-1.4.2',
      fromDeploymentId: id,
      environmentId: prod,
    });
    expect(digests(promoted)).toEqual(digests(tried));
    expect((await seen(prod)).version).toBe('1.4.2');
    const { inventory } = await operator.environment(prod);
    // How many there are is the environment's own: the source runs two.
    expect(inventory.services.map(({ serviceId, replicas }) => [serviceId, replicas])).toEqual([
      [WORKER, 1],
      [API, 1],
    ]);
  });

  it('changes nothing when it is asked for again', async () => {
    const before = runningWorkloads(platform.home);
    const again = await promote(tried.deploymentId);
    expect(again.components.map(({ action }) => action)).toEqual(['keep', 'keep']);
    expect(runningWorkloads(platform.home)).toEqual(before);
  });

  it('leaves the variables behind that the release was tried with, and takes the settings of where it comes to', async () => {
    const [api, worker] = bothAt('1.5.0');
    const env = { DATABASE_SCHEMA: '42', ADDRESS: 'staging' };
    const components = [
      { ...api, env },
      { ...worker, env },
    ] as never;
    const id = await operator.deploy({ environmentId: staging, version: '1.5.0', components });
    expect((await operator.ended(id)).status).toBe('Completed');
    expect((await seen(staging)).configuration.env).toMatchObject({ ADDRESS: 'staging' });

    // It needs a schema that nobody told it of here: the gate refuses it.
    const refused = await promote(id, { rollout: { ...FAST_ROLLOUT, healthyDeadlineSeconds: 3 } });
    expect(refused).toMatchObject({ status: 'RolledBack', failure: { code: 'HealthGateUnhealthy' } });
    expect((await seen(prod)).version).toBe('1.4.2');

    const configurationId = await publish(prod, { DATABASE_SCHEMA: '42', ADDRESS: 'production' });
    expect(await promote(id, { configurationId })).toMatchObject({ status: 'Completed', configurationId });
    const { version, configuration } = await seen(prod);
    expect({ version, env: configuration.env }).toEqual({
      version: '1.5.0',
      env: { DATABASE_SCHEMA: '42', ADDRESS: 'production' },
    });
  });

  it('keeps the configuration that its service has there when it names none', async () => {
    const promoted = await promote(tried.deploymentId);
    expect(promoted.status).toBe('Completed');
    expect((await seen(prod)).configuration.env).toMatchObject({ ADDRESS: 'production' });
  });

  it('goes back like any deployment', async () => {
    const { inventory } = await operator.environment(prod);
    const path = `/v1/runtime/deployments/${inventory.deploymentId ?? ''}/rollback`;
    const { body } = await operator.rest.post<DeploymentView>(path);
    expect((await operator.ended(body.deploymentId)).status).toBe('Completed');
    expect((await seen(prod)).version).toBe('1.5.0');
  });
});
