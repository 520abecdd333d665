/** What the unary methods answer, and what every method refuses. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordFindings } from '../../db/drift.ts';
import { latestOperation } from '../../db/operations.ts';
import { lockEnvironment } from '../../db/environments.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { RuntimeInventory } from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.js';
import {
  FindingKind,
  FindingSeverity,
  FindingStatus,
  RuntimeDrift,
} from '../../proto/gen/slipway/runtime/v1/runtime_drift_pb.js';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { openGrpcClient, wordsOf, type GrpcClient, type Headers } from '../_support/grpc.ts';
import { openEvents } from '../_support/server-sent-events.ts';

const { getServices } = RuntimeInventory.method;
const { getFindings } = RuntimeDrift.method;

let stand: ApiStand;
let key: EnvironmentKey;
let client: GrpcClient;
let bearer: Headers;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  await deployed();
  client = openGrpcClient(stand.api.grpc.port);
  bearer = { authorization: `Bearer ${await stand.token()}` };
});
afterAll(async () => {
  client?.[Symbol.dispose]();
  await stand?.[Symbol.asyncDispose]();
});

async function deployed(): Promise<void> {
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
  await completeDeployment(stand.db, key, body.deploymentId as `dep-${string}`);
}

async function inventoryByRest() {
  const { body } = await stand.call('GET', `/v1/runtime/environments/${key.environmentId}`);
  return body.inventory as {
    services: Record<string, unknown>[];
    deploymentId: string;
    configurationId: string | null;
    revision: number;
  };
}

describe('RuntimeInventory.GetServices', () => {
  it('answers the inventory that REST answers, field by field', async () => {
    const request = { environmentId: key.environmentId, tenantId: 'connectsoft' };
    const { response } = await client.unary(getServices, request, bearer);
    const rest = await inventoryByRest();
    expect(response).toMatchObject({
      environmentId: key.environmentId,
      deploymentId: rest.deploymentId,
      configurationId: rest.configurationId ?? '',
      revision: BigInt(rest.revision),
    });
    expect(
      response?.services.map(({ $typeName: _, updatedAt, observed, ...service }) => ({
        ...service,
        configurationId: service.configurationId || null,
        endpoint: service.endpoint || null,
        observed: observed ?? null,
        updatedAt: updatedAt && timestampDate(updatedAt).toISOString(),
      })),
    ).toEqual(rest.services);
  });

  it('shows a change as soon as it was made, though answers come from memory', async () => {
    const ask = async () => (await client.unary(getServices, { environmentId: key.environmentId }, bearer)).response;
    for (let round = 0; round < 3; round++) {
      const before = await ask();
      await deployed();
      // A stream of the same process has been told: so the memory has.
      using stream = await openEvents(`${stand.api.rest.url}/v1/runtime/environments/${key.environmentId}/events`, {
        authorization: String(bearer.authorization),
      });
      await stream.atLeast(1);
      const after = await ask();
      expect(after?.deploymentId).not.toBe(before?.deploymentId);
      expect(after?.revision).toBe(BigInt((await inventoryByRest()).revision));
    }
  });

  it('is refused from the moment on that the binding is revoked', async () => {
    const own = await readyEnvironment(stand);
    const ask = () => client.unary(getServices, { environmentId: own.environmentId }, bearer);
    expect((await ask()).error).toBeUndefined();
    const path = '/v1/runtime/internal/tenant-bindings';
    const { body } = await stand.call('GET', `${path}?environmentId=${own.environmentId}`, { internal: true });
    const [binding] = body.items as { tenantBindingId: string }[];
    await stand.call('POST', `${path}/${binding?.tenantBindingId}/revoke`, { internal: true });
    expect(wordsOf((await ask()).error)).toBe('PERMISSION_DENIED BindingRevoked');
  });

  it('carries version and trace in the initial metadata, in success and refusal', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    for (const headers of [bearer, {}]) {
      const { initial } = await client.unary(
        getServices,
        { environmentId: key.environmentId },
        { ...headers, traceparent },
      );
      expect(initial.get('cs-schema-version')).toEqual(['1.0']);
      expect(initial.get('x-trace-id')).toEqual(['trace-4bf92f3577b34da6a3ce929d0e0e4736']);
    }
  });
});

describe('RuntimeDrift.GetFindings', () => {
  const drift = {
    kind: 'ImageVersionMismatch',
    subject: 'module-reservations-api',
    desired: '1.4.2',
    actual: '1.4.1',
  } as const;
  const stack = { kind: 'InfrastructureDrift', subject: 'urn:pulumi:a', desired: 'as made', actual: 'gone' } as const;
  const found = (differences: Parameters<typeof recordFindings>[3]) =>
    stand.db.forTenant(key.tenantId, async (tx) => {
      await lockEnvironment(tx, key);
      const operation = await latestOperation(tx, key, 'provision');
      if (operation) await recordFindings(tx, key, operation.id, differences);
    });

  it('answers what GET drift answers, page by page, and the resolved ones when they are asked for', async () => {
    await found([
      { ...drift, serviceId: drift.subject },
      { ...stack, serviceId: null },
    ]);
    const rest = await stand.call('GET', `/v1/runtime/drift/${key.environmentId}`);
    const [newest, oldest] = rest.body.findings as { findingId: string; detectedAt: string }[];
    const request = { environmentId: key.environmentId, pageSize: 1 };
    const first = await client.unary(getFindings, request, bearer);
    const second = await client.unary(getFindings, { ...request, pageToken: first.response?.nextPageToken }, bearer);
    expect(first.response?.findings).toMatchObject([
      { findingId: newest?.findingId, kind: FindingKind.INFRASTRUCTURE_DRIFT, serviceId: '', resource: stack.subject },
    ]);
    expect(second.response).toMatchObject({ environmentId: key.environmentId, nextPageToken: '' });
    const [finding] = second.response?.findings ?? [];
    expect(finding).toMatchObject({
      findingId: oldest?.findingId,
      serviceId: drift.subject,
      kind: FindingKind.IMAGE_VERSION_MISMATCH,
      severity: FindingSeverity.HIGH,
      desired: '1.4.2',
      actual: '1.4.1',
      resource: '',
    });
    expect(finding?.detectedAt && timestampDate(finding.detectedAt).toISOString()).toBe(oldest?.detectedAt);
    expect(finding?.resolvedAt).toBeUndefined();
    const ids = async (asked: MessageInitShape<typeof getFindings.input>) => {
      const { response } = await client.unary(getFindings, { environmentId: key.environmentId, ...asked }, bearer);
      return response?.findings.map(({ findingId }) => findingId);
    };
    const [newestAt, oldestAt] = [newest, oldest].map((one) => timestampFromDate(new Date(one?.detectedAt ?? '')));
    expect(await ids({ kind: FindingKind.IMAGE_VERSION_MISMATCH })).toEqual([oldest?.findingId]);
    expect(await ids({ severity: FindingSeverity.CRITICAL })).toEqual([]);
    expect(await ids({ detectedAfter: oldestAt, severity: FindingSeverity.HIGH })).toContain(oldest?.findingId);
    expect(await ids({ detectedBefore: oldestAt })).toEqual([]);
    expect(await ids({ detectedAfter: timestampFromDate(new Date()) })).toEqual([]);
    expect(await ids({ detectedAfter: newestAt })).toContain(newest?.findingId);
    await found([]);
    const open = await client.unary(getFindings, { environmentId: key.environmentId }, bearer);
    expect(open.response?.findings).toEqual([]);
    const gone = { environmentId: key.environmentId, status: FindingStatus.RESOLVED };
    const resolved = await client.unary(getFindings, gone, bearer);
    expect(resolved.response?.findings.map(({ resolvedAt }) => resolvedAt !== undefined)).toEqual([true, true]);
  });

  it.each([
    ['?limit', { pageSize: 201 }],
    ['?limit', { pageSize: -1 }],
    ['?status', { status: 7 as FindingStatus }],
    ['?cursor', { pageToken: 'no token of ours' }],
    ['?serviceId', { serviceId: '../../etc' }],
    ['?kind', { kind: 77 as FindingKind }],
    ['?severity', { severity: 5 as FindingSeverity }],
    ['?detectedAfter', { detectedAfter: { seconds: 1n << 62n } }],
    ['?detectedAfter', { detectedBefore: { seconds: 0n, nanos: -5 }, detectedAfter: { seconds: -(1n << 50n) } }],
  ])('refuses what is wrong with %s, and names it (%#)', async (field, wrong) => {
    const { error } = await client.unary(getFindings, { environmentId: key.environmentId, ...wrong }, bearer);
    expect(wordsOf(error)).toBe('INVALID_ARGUMENT ValidationFailed');
    expect(error?.metadata.get('slipway-error-field').join()).toContain(field);
  });
});

describe('a call is refused', () => {
  const ask = (request: { environmentId?: string; tenantId?: string } | Buffer, headers: Headers) =>
    client.unary(getServices, request, headers);
  const here = () => ({ environmentId: key.environmentId });
  const by = async (request: Parameters<ApiStand['token']>[0]) => ({
    authorization: `Bearer ${await stand.token(request)}`,
  });

  it.each<[string, () => ReturnType<typeof ask> | Promise<ReturnType<typeof ask>>, string]>([
    ['without metadata', () => ask(here(), {}), 'UNAUTHENTICATED TokenMissing'],
    ['with a bad token', () => ask(here(), { authorization: 'Bearer a.b.c' }), 'UNAUTHENTICATED TokenInvalid'],
    ['with another scheme', () => ask(here(), { authorization: 'Basic YTpi' }), 'UNAUTHENTICATED TokenInvalid'],
    [
      'with the token in a binary entry',
      () => ask(here(), { 'authorization-bin': Buffer.from(String(bearer.authorization)) as never }),
      'UNAUTHENTICATED TokenMissing',
    ],
    [
      'with an expired token',
      async () => await ask(here(), await by({ ttlSeconds: -60 })),
      'UNAUTHENTICATED TokenExpired',
    ],
    ['without the scope', async () => await ask(here(), await by({ scopes: [] })), 'PERMISSION_DENIED ScopeMissing'],
    [
      "with another tenant's name, before any look-up",
      () => ask({ environmentId: 'env-0', tenantId: 'fabrikam' }, bearer),
      'PERMISSION_DENIED TenantMismatch',
    ],
    ['without an id', () => ask({}, bearer), 'INVALID_ARGUMENT ValidationFailed'],
    [
      'with an id in upper case',
      () => ask({ environmentId: key.environmentId.toUpperCase() }, bearer),
      'NOT_FOUND EnvironmentNotFound',
    ],
    ['with an id nobody knows', () => ask({ environmentId: 'env-00000000' }, bearer), 'NOT_FOUND EnvironmentNotFound'],
    [
      "with another tenant's id",
      async () => await ask(here(), await by({ tenant: 'fabrikam' })),
      'NOT_FOUND EnvironmentNotFound',
    ],
    [
      'with a malformed message',
      () => ask(Buffer.from([0x0a, 0xff, 0xff]), bearer),
      'INVALID_ARGUMENT ValidationFailed',
    ],
    [
      'with a message that is too large',
      () => ask({ environmentId: 'x'.repeat(70_000) }, bearer),
      'RESOURCE_EXHAUSTED',
    ],
  ])('%s', async (_name, call, words) => {
    expect(wordsOf((await call()).error)).toBe(words);
  });

  it("in the same words for a missing environment and another tenant's", async () => {
    const missing = await ask({ environmentId: 'env-00000000' }, bearer);
    const foreign = await ask(here(), await by({ tenant: 'fabrikam' }));
    expect(foreign.error?.details).toBe(missing.error?.details);
  });

  it('when its deadline is over', async () => {
    const { error } = await client.unary(getServices, here(), bearer, { deadline: Date.now() - 1 });
    expect(wordsOf(error)).toBe('DEADLINE_EXCEEDED');
  });
});
