/** `GET /runtime/drift/{environmentId}`. */
import type { z } from 'zod';
import {
  FindingKind,
  FindingSeverity,
  FindingStatus,
  GetFindingsResponseSchema,
  RuntimeDrift,
} from '../../proto/gen/slipway/runtime/v1/runtime_drift_pb.js';
import { getDrift } from '../runtime/drift/get.ts';
import type { driftAnswer } from '../shapes/drift.ts';
import { encode } from './adapter.ts';
import type { ReadEndpoint } from '../endpoint.ts';
import type { GrpcMethod } from './method.ts';
import { unary } from './unary.ts';
import { askedOf, isoOf, timestampOf, valueOf } from './words.ts';

type Answer = z.output<typeof driftAnswer>;

const { getFindings: get } = RuntimeDrift.method;

export const driftMethods: GrpcMethod[] = [
  unary<Answer, typeof get>(get, {
    endpoint: getDrift as ReadEndpoint,
    toInput: ({ environmentId, tenantId, ...asked }) => ({
      params: { environmentId },
      query: told({
        status: askedOf(FindingStatus, asked.status),
        kind: askedOf(FindingKind, asked.kind),
        severity: askedOf(FindingSeverity, asked.severity),
        serviceId: asked.serviceId || undefined,
        detectedAfter: asked.detectedAfter && (isoOf(asked.detectedAfter) ?? ''),
        detectedBefore: asked.detectedBefore && (isoOf(asked.detectedBefore) ?? ''),
        limit: asked.pageSize === 0 ? undefined : String(asked.pageSize),
        cursor: asked.pageToken || undefined,
      }),
      tenantId,
    }),
    encode: ({ environmentId, findings, nextCursor }) =>
      encode(GetFindingsResponseSchema, {
        environmentId,
        findings: findings.map(toFinding),
        nextPageToken: nextCursor ?? '',
      }),
  }),
];

/** What is not asked for is not there at all, as in a query. */
function told(query: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function toFinding(finding: Answer['findings'][number]) {
  return {
    ...finding,
    serviceId: finding.serviceId ?? '',
    resource: finding.resource ?? '',
    kind: valueOf(FindingKind, finding.kind),
    severity: valueOf(FindingSeverity, finding.severity),
    detectedAt: timestampOf(finding.detectedAt),
    resolvedAt: timestampOf(finding.resolvedAt),
  };
}
