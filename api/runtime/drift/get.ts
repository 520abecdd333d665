import type { z } from 'zod';
import { pageOfFindings, type FindingRow } from '../../../db/drift.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { driftAnswer, driftQuery, type driftFinding } from '../../shapes/drift.ts';
import { environmentParams } from '../../shapes/environment.ts';

export const getDrift = read({
  route: '/runtime/drift/{environmentId}',
  scope: 'runtime.drift.read',
  summary: 'List drift findings for an environment',
  input: { params: environmentParams, query: driftQuery },
  output: { 200: driftAnswer },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { params }) => Promise.resolve(params.environmentId),
  },
  async run(tx, { tenantId }, { params: { environmentId }, query }) {
    const page = await pageOfFindings(tx, { tenantId, environmentId }, query, pageIn(query));
    const { items, nextCursor } = listAnswer('drift', page, renderFinding).body;
    return {
      status: 200 as const,
      body: { environmentId, findings: items, ...(nextCursor !== null && { nextCursor }) },
    };
  },
});

function renderFinding(row: FindingRow): z.input<typeof driftFinding> {
  return {
    findingId: row.id,
    serviceId: row.serviceId,
    kind: row.kind,
    desired: row.desired,
    actual: row.actual,
    severity: row.severity,
    detectedAt: row.detectedAt.toISOString(),
    ...(row.serviceId === null && { resource: row.subject }),
    ...(row.resolvedAt && { resolvedAt: row.resolvedAt.toISOString() }),
  };
}
