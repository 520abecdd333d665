import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { DeploymentView } from '../../local/demo/views.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

let platform: TestPlatform;
let operator: Operator;
let temporal: ReturnType<typeof openTemporal>;
let environmentId: string;
let completed: DeploymentView;
let refused: DeploymentView;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  temporal = openTemporal(platform.config.temporal);
  environmentId = await operator.provision('temporal-ui');
  completed = await operator.ended(await operator.deploy({ environmentId, version: '1.4.1' }));
  const rollout = { healthyDeadlineSeconds: 3 };
  refused = await operator.ended(await operator.deploy({ environmentId, version: '1.5.0', rollout }));
});
afterAll(async () => {
  await temporal?.connection.close();
  await platform?.[Symbol.asyncDispose]();
});

const found = async (query: string) => {
  const ids: string[] = [];
  for await (const { workflowId } of temporal.client.workflow.list({ query })) ids.push(workflowId);
  return ids;
};

interface Search {
  by: string;
  query(): string;
  finds(): DeploymentView[];
}

const SEARCHES: Search[] = [
  {
    by: 'tenant, environment and kind',
    query: () => `SlipwayTenantId="connectsoft" AND SlipwayEnvironmentId="${environmentId}" AND SlipwayKind="deploy"`,
    finds: () => [refused, completed],
  },
  {
    by: 'the phase it ended in',
    query: () => `SlipwayEnvironmentId="${environmentId}" AND SlipwayPhase="RolledBack"`,
    finds: () => [refused],
  },
  {
    by: 'its operation',
    query: () => `SlipwayOperationId="${completed.operationId}"`,
    finds: () => [completed],
  },
  {
    by: 'the stage',
    query: () => 'SlipwayStage="prod" AND SlipwayKind="deploy"',
    finds: () => [refused, completed],
  },
];

describe('what an operator sees in Temporal', () => {
  it.each(SEARCHES)('is found by $by', async ({ query, finds }) => {
    const ids = finds().map(({ operationId }) => operationId);
    await until(async () => (await found(query())).length === ids.length, { what: `${query()} to be indexed` });
    expect((await found(query())).sort()).toEqual([...ids].sort());
  });

  it('says what an operation is about, and where its components stand', async () => {
    const handle = temporal.client.workflow.getHandle(completed.operationId);
    const { staticSummary } = await handle
      .describe()
      .then(async (told) => ({ staticSummary: await told.staticSummary() }));
    expect(staticSummary).toBe('deploy release-1.4.1 to temporal-ui');
    const details = await handle.query<{ currentDetails?: string } | string>('__temporal_workflow_metadata');
    expect(JSON.stringify(details)).toContain(
      '| module-reservations-api | acr.azurecr.io/reservations-api:1.4.1 | Live |',
    );
  });

  it('fails the workflow of an operation that failed, with its code as the type', async () => {
    const handle = temporal.client.workflow.getHandle(refused.operationId);
    expect((await handle.describe()).status.name).toBe('FAILED');
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'HealthGateUnhealthy' } });
  });

  it('costs a deployment at most 45 events', async () => {
    const history = await temporal.client.workflow.getHandle(completed.operationId).fetchHistory();
    expect(history.events?.length).toBeLessThanOrEqual(45);
  });
});
