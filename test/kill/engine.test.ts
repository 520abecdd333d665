import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvironmentView } from '../../local/demo/views.ts';
import { runningEngine } from '../_support/engine-process.ts';
import { placesOf } from '../_support/environment-places.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

let platform: TestPlatform;
let operator: Operator;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

async function accept(name: string): Promise<string> {
  const { status, body } = await operator.rest.post<EnvironmentView>('/v1/runtime/environments', {
    projectId: 'proj-booking-saas',
    name,
    stage: 'prod',
    region: 'westeurope',
    isolationModel: 'silo',
    computeTargets: ['aks'],
  });
  expect(status).toBe(202);
  return body.environmentId;
}

/** Folder, ports, vault namespace and database: each once. */
async function expectOneOfEach(environmentId: string): Promise<void> {
  const once = { folders: 1, portBlocks: 1, vaults: 1, databases: 1 };
  expect(await placesOf(platform, environmentId)).toMatchObject(once);
}

describe('provisioning', () => {
  it('comes to the same single environment when the Pulumi engine is killed in the middle', async () => {
    const environmentId = await accept('engine-killed');
    const pid = await until(() => runningEngine(platform, 'up'), { what: 'the engine to run', everyMs: 5 });
    process.kill(pid, 'SIGKILL');
    await until(async () => (await operator.environment(environmentId)).status === 'Ready', {
      what: 'the environment',
    });
    await expectOneOfEach(environmentId);
  });

  it('comes to the same single environment when the worker is killed with the engine under way', async () => {
    const environmentId = await accept('worker-killed');
    await until(() => runningEngine(platform, 'up'), { what: 'the engine to run', everyMs: 5 });
    platform.platform.children.worker?.kill('SIGKILL');
    await platform.platform.restart('worker');
    await until(async () => (await operator.environment(environmentId)).status === 'Ready', {
      what: 'the environment',
    });
    await expectOneOfEach(environmentId);
  });

  it('is refused for a name that is taken, and the environment that has it is named', async () => {
    const environmentId = await operator.provision('taken');
    const { status, body } = await operator.rest.post<{ code: string; environmentId: string }>(
      '/v1/runtime/environments',
      {
        projectId: 'proj-booking-saas',
        name: 'taken',
        stage: 'prod',
        region: 'westeurope',
        isolationModel: 'silo',
        computeTargets: ['aks'],
      },
    );
    expect({ status, code: body.code, environmentId: body.environmentId }).toEqual({
      status: 409,
      code: 'EnvironmentExists',
      environmentId,
    });
  });
});
