/** A database that was put back to an earlier moment, while Temporal and what runs went on. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NOTHING, placesOf } from '../_support/environment-places.ts';
import { bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { backUp } from '../_support/restore-database.ts';
import { until } from '../_support/until.ts';
import { freshName, PROVISION } from '../_support/api-states.ts';

interface Environment {
  environmentId: string;
  status: string;
  outputs: Record<string, unknown> | null;
}

let platform: TestPlatform;
let operator: Operator;
beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
});
afterAll(() => platform?.[Symbol.asyncDispose]());

it('to before the end of a provision takes nothing away: the environment is ready again, with all that it stands on', async () => {
  const { databaseUrl } = platform.config;
  const path = '/v1/runtime/environments';
  const { body } = await operator.rest.post<Environment>(path, { ...PROVISION, name: freshName() });
  const { environmentId } = body;
  const restore = await backUp(databaseUrl);
  const isReady = async () => {
    const { body: environment } = await operator.rest.get<Environment>(`${path}/${environmentId}`);
    return environment.status === 'Ready' && environment;
  };
  const before = await until(isReady, { what: 'the environment to be ready' });
  await restore();
  expect(before.outputs).not.toBeNull();
  const after = await until(isReady, { what: 'the environment to be ready again' });
  expect(after.outputs).toEqual(before.outputs);
  // What it stands on is used by the next deployment.
  const deployed = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1') });
  expect((await operator.ended(deployed)).status).toBe('Completed');
});

it('to before the end of a decommission brings nothing back: the environment is gone, and its rows say so again', async () => {
  const environmentId = await operator.provision(freshName());
  const path = `/v1/runtime/environments/${environmentId}`;
  const { body } = await operator.rest.post<{ operationId: string }>(`${path}/decommission`);
  const restore = await backUp(platform.config.databaseUrl);
  const isGone = async () => {
    const { body: operation } = await operator.rest.get<Environment>(`/v1/runtime/operations/${body.operationId}`);
    const { body: environment } = await operator.rest.get<Environment>(path);
    return operation.status === 'Succeeded' && environment.status === 'Decommissioned';
  };
  await until(isGone, { what: 'the environment to be gone' });
  await restore();
  expect(await isGone()).toBe(false);
  await until(isGone, { what: 'the rows to say so again', timeoutMs: 120_000 });
  expect(await placesOf(platform, environmentId)).toEqual(NOTHING);
});
