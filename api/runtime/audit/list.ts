import type { z } from 'zod';
import { pageOfRequests } from '../../../db/lists.ts';
import type { RequestRow } from '../../../db/requests.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { auditList, auditQuery, type auditEntry } from '../../shapes/audit.ts';

export const listAudit = read({
  route: '/runtime/audit',
  scope: 'runtime.audit.read',
  summary: 'List who changed what, and what was denied, the newest first',
  input: { query: auditQuery },
  output: { 200: auditList },
  async run(tx, { tenantId }, { query }) {
    const page = await pageOfRequests(tx, tenantId, query, pageIn(query));
    return listAnswer('audit', page, renderEntry);
  },
});

function renderEntry(row: RequestRow): z.input<typeof auditEntry> {
  const { clientId, subject, method, route, decision, code, governance, environmentId, operationId } = row;
  return {
    requestId: row.id,
    at: row.createdAt.toISOString(),
    ...{ clientId, subject, method, route, decision, code, governance, environmentId, operationId },
    status: row.answerStatus,
    idempotencyKey: row.idempotencyKey,
    inputHash: row.bodyHash,
    traceId: row.traceId,
  };
}
