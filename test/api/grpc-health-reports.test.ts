/** Health reports over gRPC, on the internal port. */
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { latestHealth } from '../../db/health.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { HealthStatus } from '../../proto/gen/slipway/runtime/v1/health_pb.js';
import { RuntimeHealthService } from '../../proto/gen/slipway/runtime/v1/runtime_health_service_pb.js';
import { RuntimeInventory } from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.js';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { openGrpcClient, wordsOf, type GrpcClient, type Headers } from '../_support/grpc.ts';
import { until } from '../_support/until.ts';

const { reportHealth } = RuntimeHealthService.method;
const serviceId = 'module-reservations-api';

let stand: ApiStand;
let key: EnvironmentKey;
let client: GrpcClient;
let bearer: Headers;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
  await completeDeployment(stand.db, key, body.deploymentId as DeploymentId);
  client = openGrpcClient(stand.api.internalGrpc.port);
  const token = await stand.token({ audience: stand.config.oidc.internalAudience, scopes: [] });
  bearer = { authorization: `Bearer ${token}` };
});
afterAll(async () => {
  client?.[Symbol.dispose]();
  await stand?.[Symbol.asyncDispose]();
});

let clock = Date.now() - 3_600_000;
const report = (change: object = {}) => ({
  ...{ environmentId: key.environmentId, serviceId, status: HealthStatus.HEALTHY },
  checks: [{ name: 'self', status: HealthStatus.HEALTHY, durationMs: 3 }],
  evaluatedAt: timestampFromDate(new Date((clock += 1_000))),
  ...change,
});
const latest = () => stand.db.forTenant(key.tenantId, (tx) => latestHealth(tx, key, serviceId));

async function sent(messages: (object | Buffer)[], headers = bearer) {
  const sending = client.send(reportHealth, headers);
  for (const message of messages) sending.write(message);
  sending.end();
  return await sending.answer;
}

describe('RuntimeHealthService.ReportHealth', () => {
  it('records what it is told, and says what was outdated', async () => {
    const one = report();
    const { response, initial } = await sent([one, report({ status: HealthStatus.DEGRADED }), one]);
    expect(response).toMatchObject({ recorded: 2n, outdated: 1n, refused: 0n, refusals: [] });
    expect(initial.get('cs-schema-version')).toEqual(['1.0']);
    expect(await latest()).toMatchObject({
      status: 'Degraded',
      checks: [{ name: 'self', status: 'Healthy', durationMs: 3 }],
    });
  });

  it('records each as it comes, while the worker goes on', async () => {
    const sending = client.send(reportHealth, bearer);
    for (const [status, word] of [
      [HealthStatus.UNHEALTHY, 'Unhealthy'],
      [HealthStatus.HEALTHY, 'Healthy'],
    ] as const) {
      sending.write(report({ status }));
      await until(async () => (await latest())?.status === word, { what: word });
    }
    sending.cancel();
    expect(wordsOf((await sending.answer).error)).toBe('CANCELLED');
  });

  it('refuses what is wrong, says which and why, and takes the others', async () => {
    const { response } = await sent([
      report({ status: HealthStatus.UNSPECIFIED }),
      Buffer.from([0xff]),
      report({ environmentId: 'env-00000000' }),
      report({ tenantId: 'fabrikam' }),
      report({ serviceId: 'module-unknown' }),
      report({ evaluatedAt: undefined }),
      report({ evaluatedAt: { seconds: 9_999_999_999_999n, nanos: 0 } }),
      report({ evaluatedAt: timestampFromDate(new Date(Date.now() + 3_600_000)) }),
      report(),
    ]);
    expect(response).toMatchObject({ recorded: 1n, outdated: 0n, refused: 8n });
    expect(response?.refusals.map(({ number, code }) => [Number(number), code])).toEqual([
      [1, 'ValidationFailed'],
      [2, 'ValidationFailed'],
      [3, 'EnvironmentNotFound'],
      [4, 'TenantMismatch'],
      [5, 'ServiceNotFound'],
      [6, 'ValidationFailed'],
      [7, 'ValidationFailed'],
      [8, 'ValidationFailed'],
    ]);
  });

  it('counts all that it refuses, and tells of the first hundred why', async () => {
    const { response } = await sent(Array.from({ length: 150 }, () => report({ status: HealthStatus.UNSPECIFIED })));
    expect(response?.refused).toBe(150n);
    expect(response?.refusals).toHaveLength(100);
  });

  it.each([
    ['no token', () => Promise.resolve({})],
    ['a public token with every scope', async () => ({ authorization: `Bearer ${await stand.token()}` })],
  ])('is not opened by %s', async (_what, headers) => {
    expect(wordsOf((await sent([report()], await headers())).error)).toMatch(
      /^UNAUTHENTICATED Token(Missing|Invalid)$/,
    );
  });

  it('is on its own port alone, and the public methods on theirs', async () => {
    using outside = openGrpcClient(stand.api.grpc.port);
    const sending = outside.send(reportHealth, bearer);
    sending.end();
    expect(wordsOf((await sending.answer).error)).toBe('UNIMPLEMENTED');
    const inside = await client.unary(
      RuntimeInventory.method.getServices,
      { environmentId: key.environmentId },
      bearer,
    );
    expect(wordsOf(inside.error)).toBe('UNIMPLEMENTED');
  });

  it('opens nothing at the public port with its token', async () => {
    using outside = openGrpcClient(stand.api.grpc.port);
    const { error } = await outside.unary(
      RuntimeInventory.method.getServices,
      { environmentId: key.environmentId },
      bearer,
    );
    expect(wordsOf(error)).toBe('UNAUTHENTICATED TokenInvalid');
  });
});
