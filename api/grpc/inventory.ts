/** The inventory part of `GET /runtime/environments/{environmentId}`. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  GetServicesResponseSchema,
  ObservedStatus,
  RuntimeInventory,
  type ServiceSchema,
} from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.js';
import type { Frame } from '../live/source.ts';
import { getServices } from '../runtime/environments/get-services.ts';
import type { EnvironmentInventory } from '../runtime/environments/inventory.ts';
import { watchServices } from '../runtime/environments/watch-services.ts';
import { encode } from './adapter.ts';
import type { GrpcMethod } from './method.ts';
import { serverStream } from './server-stream.ts';
import { unary } from './unary.ts';
import { timestampOf, valueOf } from './words.ts';

const { getServices: get, watchServices: watch } = RuntimeInventory.method;

export const inventoryMethods: GrpcMethod[] = [
  unary<Frame<EnvironmentInventory>, typeof get>(get, {
    endpoint: getServices,
    toInput: ({ environmentId, tenantId }) => ({ params: { environmentId }, tenantId }),
    encode: (frame) => frame.as(encodeInventory),
  }),
  serverStream<EnvironmentInventory, typeof watch>(watch, {
    endpoint: watchServices,
    toInput: ({ environmentId, tenantId }) => ({ params: { environmentId }, tenantId }),
    toResponse: (value) => ({ inventory: toMessage(value) }),
  }),
];

function encodeInventory(value: EnvironmentInventory): Buffer {
  return encode(GetServicesResponseSchema, toMessage(value));
}

function toMessage({
  environmentId,
  inventory,
}: EnvironmentInventory): MessageInitShape<typeof GetServicesResponseSchema> {
  return {
    environmentId,
    deploymentId: inventory.deploymentId ?? '',
    configurationId: inventory.configurationId ?? '',
    revision: BigInt(inventory.revision),
    services: inventory.services.map(toService),
  };
}

type Service = EnvironmentInventory['inventory']['services'][number];

function toService({ observed, ...service }: Service): MessageInitShape<typeof ServiceSchema> {
  return {
    ...service,
    configurationId: service.configurationId ?? '',
    endpoint: service.endpoint ?? '',
    updatedAt: timestampOf(service.updatedAt),
    ...(observed && {
      observed: {
        ...observed,
        observedAt: timestampOf(observed.observedAt),
        status: valueOf(ObservedStatus, observed.status),
      },
    }),
  };
}
