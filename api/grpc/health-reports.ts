/** `POST /runtime/internal/health-reports`, message by message. */
import type { z } from 'zod';
import { HealthStatus, type HealthCheck } from '../../proto/gen/slipway/runtime/v1/health_pb.js';
import { RuntimeHealthService } from '../../proto/gen/slipway/runtime/v1/runtime_health_service_pb.js';
import { reportHealth } from '../runtime/health-reports/report.ts';
import type { healthReportAck } from '../shapes/health-report.ts';
import { clientStream } from './client-stream.ts';
import type { GrpcMethod } from './method.ts';
import { isoOf, wordOf } from './words.ts';

type Acknowledgment = z.output<typeof healthReportAck>;

const { reportHealth: report } = RuntimeHealthService.method;
/** Refusals that are told; of more there is the number. */
const MAX_REFUSALS = 100;

export const healthReportMethods: GrpcMethod[] = [
  clientStream<Acknowledgment, typeof report>(report, {
    endpoint: reportHealth,
    toLine: ({ environmentId, serviceId, status, checks, evaluatedAt, tenantId }) => ({
      environmentId,
      serviceId,
      status: wordOf(HealthStatus, status),
      checks: checks.map(toCheck),
      evaluatedAt: isoOf(evaluatedAt),
      ...(tenantId !== '' && { tenantId }),
    }),
    toResponse: async (acknowledgments) => {
      const count = { Recorded: 0n, Outdated: 0n, Refused: 0n };
      const refusals = [];
      for await (const acknowledgment of acknowledgments) {
        count[acknowledgment.status] += 1n;
        if (acknowledgment.status !== 'Refused' || refusals.length >= MAX_REFUSALS) continue;
        const { line, code, detail } = acknowledgment;
        refusals.push({ number: BigInt(line), code, detail });
      }
      return { recorded: count.Recorded, outdated: count.Outdated, refused: count.Refused, refusals };
    },
  }),
];

function toCheck({ name, status, durationMs }: HealthCheck) {
  return { name, status: wordOf(HealthStatus, status), ...(durationMs !== undefined && { durationMs }) };
}
