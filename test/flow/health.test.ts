import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../../api/openapi/examples.ts';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { events } from '../../db/schema/index.ts';
import type { CheckResult, HealthStatus } from '../../domain/health.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { openTcpServer, type TcpServer } from '../_support/tcp-server.ts';
import { until } from '../_support/until.ts';

interface HealthView {
  serviceId: string;
  environmentId: string;
  status: HealthStatus;
  checks: CheckResult[];
  evaluatedAt: string | null;
}

let platform: TestPlatform;
let operator: Operator;
let db: Database;
let temporal: ReturnType<typeof openTemporal>;
let sql: TcpServer;
let serviceBus: TcpServer;
let environmentId: string;

beforeAll(async () => {
  platform = await openTestPlatform({ env: { SLIPWAY_HEALTH_INTERVAL_SECONDS: '1' } });
  operator = await openOperator(platform);
  db = openDatabase({ url: platform.config.databaseUrl });
  temporal = openTemporal(platform.config.temporal);
  sql = await openTcpServer();
  serviceBus = await openTcpServer();
  environmentId = await operator.provision('health');
});
afterAll(async () => {
  await temporal?.connection.close();
  await db?.[Symbol.asyncDispose]();
  await Promise.all([sql?.[Symbol.asyncDispose](), serviceBus?.[Symbol.asyncDispose]()]);
  await platform?.[Symbol.asyncDispose]();
});

const sweep = () => temporal.client.workflow.getHandle('sweep/health');
const health = async (serviceId: string) =>
  (await operator.rest.get<HealthView>(`/v1/runtime/services/${serviceId}/health`)).body;
const becomes = (serviceId: string, wanted: HealthStatus) =>
  until(
    async () => {
      const seen = await health(serviceId);
      return seen.status === wanted && seen;
    },
    { what: `${serviceId} to be ${wanted}` },
  );
const told = async () => {
  const rows = await db.forTenant('connectsoft', (tx) => tx.select().from(events).orderBy(events.revision));
  return rows.filter(({ type, data }) => type === 'service.health' && data.serviceId === API).map(({ data }) => data);
};

describe('the health of a service that runs', () => {
  it('costs nothing while an environment has none: no sweep runs', async () => {
    await expect(sweep().describe()).rejects.toThrow(WorkflowNotFoundError);
  });

  it("is what its workload says of its parts, in the contract's form, soon after it is live", async () => {
    const env = { SQL_ADDRESS: `127.0.0.1:${sql.port}`, SERVICE_BUS_ADDRESS: `127.0.0.1:${serviceBus.port}` };
    const components = bothAt('1.4.2', 2).map((one) => (one.moduleId === API ? { ...one, env } : one));
    const id = await operator.deploy({ environmentId, version: '1.4.2', components });
    expect((await operator.ended(id)).status).toBe('Completed');

    const seen = await becomes(API, 'Healthy');
    const example = examples['GET /runtime/services/{serviceId}/health']?.answer?.body as unknown as HealthView;
    const times = seen.checks.map(({ durationMs }) => durationMs);
    expect(seen).toEqual({
      ...example,
      environmentId,
      // Only how long it took, and when it was, are this run's own.
      checks: example.checks.map((check, index) => ({
        ...check,
        ...(check.durationMs !== undefined && { durationMs: times[index] }),
      })),
      evaluatedAt: seen.evaluatedAt,
    });
    expect(times).toEqual([undefined, expect.any(Number), expect.any(Number)]);
    expect(Math.abs(Date.now() - Date.parse(String(seen.evaluatedAt)))).toBeLessThan(30_000);
    expect((await becomes(WORKER, 'Healthy')).checks).toEqual([{ name: 'self', status: 'Healthy' }]);
  });

  it('turns Unhealthy when the workload says so, with the part that is, and Healthy again after it', async () => {
    await sql[Symbol.asyncDispose]();
    expect((await becomes(API, 'Unhealthy')).checks.map(({ name, status }) => [name, status])).toEqual([
      ['self', 'Healthy'],
      ['sql', 'Unhealthy'],
      ['service-bus', 'Healthy'],
    ]);
    expect((await health(WORKER)).status).toBe('Healthy');
    sql = await openTcpServer(sql.port);
    await becomes(API, 'Healthy');
    const course = (await told()).filter(({ status }) => status !== 'Degraded').map(({ status }) => status);
    expect(course.slice(0, 3)).toEqual(['Healthy', 'Unhealthy', 'Healthy']);
    expect((await told()).find(({ status }) => status === 'Unhealthy')).toMatchObject({ failing: ['sql'] });
  });

  it('is seen again and again, with a history in Temporal that does not grow by it', async () => {
    const list = `/v1/runtime/services/${API}/health/history`;
    const count = async () => (await operator.rest.get<{ items: HealthView[] }>(list)).body.items.length;
    const before = await count();
    await until(async () => (await count()) >= before + 5, { what: 'five more samples' });
    const { historyLength, status } = await sweep().describe();
    expect(status.name).toBe('RUNNING');
    expect(historyLength).toBeLessThanOrEqual(10);
  });

  it('is Unknown while its target cannot be reached', async () => {
    platform.platform.children.supervisor?.kill('SIGKILL');
    expect((await becomes(API, 'Unknown')).checks).toEqual([]);
    await platform.platform.restart('supervisor');
    await becomes(API, 'Healthy');
  });
});
