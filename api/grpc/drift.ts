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
import { timestampOf, valueOf, wordOf } from './words.ts';

type Answer = z.output<typeof driftAnswer>;

const { getFindings: get } = RuntimeDrift.method;

export const driftMethods: GrpcMethod[] = [
  unary<Answer, typeof get>(get, {
    endpoint: getDrift as ReadEndpoint,
    toInput: ({ environmentId, tenantId, status, serviceId, pageSize, pageToken }) => ({
      params: { environmentId },
      query: {
        ...(status !== FindingStatus.UNSPECIFIED && { status: wordOf(FindingStatus, status) ?? String(status) }),
        ...(serviceId !== '' && { serviceId }),
        ...(pageSize !== 0 && { limit: String(pageSize) }),
        ...(pageToken !== '' && { cursor: pageToken }),
      },
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
