/** `GET /runtime/services/{serviceId}/health`, as it changes. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { HealthStatus, type HealthCheckSchema } from '../../proto/gen/slipway/runtime/v1/health_pb.js';
import { RuntimeHealth } from '../../proto/gen/slipway/runtime/v1/runtime_health_pb.js';
import type { Resumed } from '../live/resumed.ts';
import type { HealthAnswer } from '../runtime/services/health-of.ts';
import { watchServiceHealth } from '../runtime/services/watch-health.ts';
import type { GrpcMethod } from './method.ts';
import { serverStream } from './server-stream.ts';
import { timestampOf, valueOf } from './words.ts';

const { streamHealth: stream } = RuntimeHealth.method;

export const healthMethods: GrpcMethod[] = [
  serverStream<Resumed<HealthAnswer>, typeof stream>(stream, {
    endpoint: watchServiceHealth,
    toInput: ({ serviceId, environmentId, tenantId }) => ({
      params: { serviceId },
      query: environmentId === undefined ? {} : { environmentId },
      tenantId,
    }),
    toResponse: ({ value: { serviceId, environmentId, status, checks, evaluatedAt } }) => ({
      serviceId,
      environmentId,
      status: valueOf(HealthStatus, status),
      checks: checks.map(toCheck),
      evaluatedAt: timestampOf(evaluatedAt),
    }),
  }),
];

function toCheck({
  name,
  status,
  durationMs,
}: HealthAnswer['checks'][number]): MessageInitShape<typeof HealthCheckSchema> {
  return { name, status: valueOf(HealthStatus, status), durationMs };
}
