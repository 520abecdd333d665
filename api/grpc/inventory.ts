/** `RuntimeInventory.GetServices`: the inventory part of `GET /runtime/environments/{environmentId}`. */
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { z } from 'zod';
import { RuntimeInventory } from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.ts';
import type { ApiDeps } from '../deps.ts';
import { getEnvironment } from '../runtime/environments/get.ts';
import type { environmentAnswer } from '../shapes/environment.ts';
import { unary } from './unary.ts';

export function inventoryService(deps: ApiDeps): UntypedServiceImplementation {
  return {
    getServices: unary(deps, RuntimeInventory.method.getServices, {
      endpoint: getEnvironment,
      toInput: ({ environmentId, tenantId }) => ({ params: { environmentId }, tenantId }),
      toResponse: (body) => {
        const { environmentId, inventory } = body as z.output<typeof environmentAnswer>;
        return {
          environmentId,
          deploymentId: inventory.deploymentId ?? '',
          configurationId: inventory.configurationId ?? '',
          revision: BigInt(inventory.revision),
          services: inventory.services.map((service) => ({
            ...service,
            configurationId: service.configurationId ?? '',
            endpoint: service.endpoint ?? '',
            updatedAt: timestampFromDate(new Date(service.updatedAt)),
          })),
        };
      },
    }),
  };
}
