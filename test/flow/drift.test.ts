import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvironmentId, EnvironmentKey } from '../../domain/ids.ts';
import type { ComputeTarget } from '../../providers/compute/port.ts';
import { processCompute } from '../../providers/compute/process.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

let platform: TestPlatform;
let operator: Operator;
let compute: ComputeTarget;
let key: EnvironmentKey;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  const { supervisorUrl, proxyUrl, adminTokenFile } = platform.config;
  const secrets = localVault({ folder: join(platform.home, 'vault'), keyFile: join(platform.home, 'vault.key') });
  compute = processCompute({ supervisorUrl, proxyUrl, token: readFileSync(adminTokenFile, 'utf8').trim(), secrets });
  const environmentId = (await operator.provision('drift')) as EnvironmentId;
  key = { tenantId: 'connectsoft', environmentId };
  await deploy('1.4.1');
  await deploy('1.4.2');
}, 240_000);
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

type Finding = Record<string, unknown>;

async function deploy(version: string): Promise<void> {
  const { environmentId } = key;
  const id = await operator.deploy({ environmentId, version, components: bothAt(version, 2) });
  expect((await operator.ended(id)).status).toBe('Completed');
}

async function ended(operationId: string) {
  return await until(
    async () => {
      const { body } = await operator.rest.get<{ endedAt: string | null; status: string; kind: string }>(
        `/v1/runtime/operations/${operationId}`,
      );
      return body.endedAt ? body : null;
    },
    { what: `${operationId} to end`, timeoutMs: 150_000 },
  );
}

const drift = async (query = '') =>
  (
    await operator.rest.get<{ environmentId: string; findings: Finding[] }>(
      `/v1/runtime/drift/${key.environmentId}${query}`,
    )
  ).body;

async function scan(): Promise<Finding[]> {
  const { status, body } = await operator.rest.post<{ operationId: string }>(
    `/v1/runtime/drift/${key.environmentId}/scan`,
  );
  expect(status).toBe(202);
  expect(await ended(body.operationId)).toMatchObject({ status: 'Succeeded', kind: 'driftScan' });
  return (await drift()).findings;
}

const workload = (serviceId: string) => ({ ...key, serviceId });
const running = async (serviceId: string) =>
  (await compute.observe(key)).find((service) => service.serviceId === serviceId);
/** Above every attempt so far, as of somebody who has got hold of the machine; the next attempt takes a higher one. */
const fence = () => Date.now();

describe('a scan for drift', { timeout: 240_000 }, () => {
  it('finds nothing where all is as it should be, and leaves the environment as it is', async () => {
    const before = await operator.environment(key.environmentId);
    expect(await scan()).toEqual([]);
    expect(await operator.environment(key.environmentId)).toMatchObject({
      status: 'Ready',
      inventory: { deploymentId: before.inventory.deploymentId, services: before.inventory.services },
    });
    expect(await drift()).toEqual({ environmentId: key.environmentId, findings: [] });
  });

  it('finds replicas that somebody took away, once, and that they are back', async () => {
    const revision = (await running(API))?.revisions[0]?.revision ?? '';
    await compute.scale(workload(API), revision, 1, fence());
    const [finding, ...more] = await scan();
    expect(more).toEqual([]);
    expect(finding).toEqual({
      findingId: expect.stringMatching(/^drift-/),
      serviceId: API,
      kind: 'ReplicaCountMismatch',
      desired: '2',
      actual: '1',
      severity: 'Medium',
      detectedAt: expect.any(String),
    });
    expect(await scan()).toEqual([finding]);
    await compute.scale(workload(API), revision, 2, fence());
    await until(async () => (await compute.instances(workload(API))).length === 2, { what: 'both replicas' });
    expect(await scan()).toEqual([]);
    const { findings } = await drift('?status=Resolved');
    expect(findings).toEqual([{ ...finding, resolvedAt: expect.any(String) }]);
  });

  it('finds traffic that goes nowhere, a service that is gone, and a deployment puts both right', async () => {
    await compute.shiftTraffic(workload(API), {}, fence());
    const revision = (await running(WORKER))?.revisions[0]?.revision ?? '';
    await compute.retire(workload(WORKER), revision, fence());
    const kinds = (await scan()).map(({ serviceId, kind, severity }) => [serviceId, kind, severity]);
    expect(kinds.sort()).toEqual([
      [WORKER, 'MissingService', 'Critical'],
      [API, 'TrafficMismatch', 'High'],
    ]);
    await deploy('1.4.1');
    expect(await scan()).toEqual([]);
  });

  it('waits for the deployment before it, and sees nothing of its way', async () => {
    const id = await operator.deploy({ ...key, version: '1.4.2', components: bothAt('1.4.2', 2) });
    const posts = await Promise.all(
      Array.from({ length: 3 }, () =>
        operator.rest.post<{ operationId: string }>(`/v1/runtime/drift/${key.environmentId}/scan`),
      ),
    );
    const ids = new Set(posts.map(({ body }) => body.operationId));
    expect(ids.size).toBe(1);
    expect((await operator.ended(id)).status).toBe('Completed');
    for (const operationId of ids) expect(await ended(operationId)).toMatchObject({ status: 'Succeeded' });
    expect((await drift()).findings).toEqual([]);
  });
});
