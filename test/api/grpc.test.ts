import { create, type MessageShape } from '@bufbuild/protobuf';
import { credentials, makeGenericClientConstructor, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitionOf } from '../../api/grpc/adapter.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import {
  GetServicesRequestSchema,
  RuntimeInventory,
  type GetServicesResponseSchema,
} from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
let key: EnvironmentKey;
let client: InstanceType<ReturnType<typeof makeGenericClientConstructor>>;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
  await completeDeployment(stand.db, key, body.deploymentId as `dep-${string}`);
  const Client = makeGenericClientConstructor(definitionOf(RuntimeInventory), 'RuntimeInventory');
  client = new Client(`127.0.0.1:${stand.api.grpc.port}`, credentials.createInsecure());
});
afterAll(async () => {
  client?.close();
  await stand?.[Symbol.asyncDispose]();
});

interface Answer {
  response?: MessageShape<typeof GetServicesResponseSchema>;
  error?: ServiceError;
  initial: Metadata;
}

async function getServices(
  request: { environmentId?: string; tenantId?: string },
  token: string | null,
  more: Record<string, string> = {},
): Promise<Answer> {
  const metadata = new Metadata();
  if (token !== null) metadata.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(more)) metadata.set(name, value);
  return await new Promise((resolve) => {
    let initial = new Metadata();
    const call = client.getServices?.(
      create(GetServicesRequestSchema, request),
      metadata,
      (error: ServiceError | null, response: Answer['response']) =>
        resolve({ ...(error ? { error } : { response }), initial }),
    );
    call?.on('metadata', (received: Metadata) => (initial = received));
  });
}

const codeOf = ({ error }: Answer) => error?.metadata.get('slipway-error-code')[0];

describe('RuntimeInventory.GetServices', () => {
  it('answers the inventory that REST answers', async () => {
    const { response } = await getServices(
      { environmentId: key.environmentId, tenantId: 'connectsoft' },
      await stand.token(),
    );
    const rest = await stand.call('GET', `/v1/runtime/environments/${key.environmentId}`);
    const inventory = rest.body.inventory as {
      services: { serviceId: string; image: string; digest: string }[];
      deploymentId: string;
      revision: number;
    };
    expect(response?.environmentId).toBe(key.environmentId);
    expect(response?.deploymentId).toBe(inventory.deploymentId);
    expect(response?.revision).toBe(BigInt(inventory.revision));
    expect(response?.services.map(({ serviceId, image, digest }) => ({ serviceId, image, digest }))).toEqual(
      inventory.services.map(({ serviceId, image, digest }) => ({ serviceId, image, digest })),
    );
  });

  it('carries version and trace in the initial metadata, in success and refusal', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    for (const token of [await stand.token(), null]) {
      const { initial } = await getServices({ environmentId: key.environmentId }, token, { traceparent });
      expect(initial.get('cs-schema-version')).toEqual(['1.0']);
      expect(initial.get('x-trace-id')).toEqual(['trace-4bf92f3577b34da6a3ce929d0e0e4736']);
    }
  });

  it.each([
    ['no token', async () => await getServices({}, null), status.UNAUTHENTICATED, 'TokenMissing'],
    [
      'an expired token',
      async () => await getServices({}, await stand.token({ ttlSeconds: -60 })),
      status.UNAUTHENTICATED,
      'TokenExpired',
    ],
    [
      "another tenant's name",
      async () => await getServices({ environmentId: 'env-0', tenantId: 'fabrikam' }, await stand.token()),
      status.PERMISSION_DENIED,
      'TenantMismatch',
    ],
    [
      'no scope',
      async () => await getServices({ environmentId: key.environmentId }, await stand.token({ scopes: [] })),
      status.PERMISSION_DENIED,
      'ScopeMissing',
    ],
    ['no id', async () => await getServices({}, await stand.token()), status.INVALID_ARGUMENT, 'ValidationFailed'],
    [
      'an environment that is not there',
      async () => await getServices({ environmentId: 'env-00000000' }, await stand.token()),
      status.NOT_FOUND,
      'EnvironmentNotFound',
    ],
    [
      "another tenant's environment",
      async () => await getServices({ environmentId: key.environmentId }, await stand.token({ tenant: 'fabrikam' })),
      status.NOT_FOUND,
      'EnvironmentNotFound',
    ],
  ])('refuses %s as REST does', async (_name, call, code, ours) => {
    const answer = await call();
    expect(answer.error?.code).toBe(code);
    expect(codeOf(answer)).toBe(ours);
  });
});
