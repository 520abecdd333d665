/** Approvals of what takes effect at once: asked for by a call that is refused, used by the same call made again. */
import { and, desc, eq, gt, inArray, isNull } from 'drizzle-orm';
import { APPROVAL_SECONDS } from '../domain/approvals.ts';
import type { Judged } from '../domain/governed.ts';
import type { ApprovalId, EnvironmentKey, TraceId } from '../domain/ids.ts';
import { insertApproval, type ApprovalRow } from './approvals.ts';
import type { Tx } from './client.ts';
import { noteConcerned } from './concerned-services.ts';
import { appendEvent } from './events.ts';
import type { WantedApproval } from './held-operations.ts';
import { serializeOn } from './requests.ts';
import { approvals } from './schema/index.ts';

/** The one that this requester has asked for this very plan, given or still waited for. */
export async function findStandingApproval(
  tx: Tx,
  { tenantId, environmentId }: EnvironmentKey,
  { action, planHash, subject, clientId }: Judged,
): Promise<ApprovalRow | null> {
  const [row] = await tx
    .select()
    .from(approvals)
    .where(
      and(
        eq(approvals.tenantId, tenantId),
        eq(approvals.environmentId, environmentId),
        isNull(approvals.operationId),
        eq(approvals.action, action),
        eq(approvals.planHash, planHash),
        eq(approvals.requestedBySubject, subject),
        eq(approvals.requestedByClient, clientId),
        inArray(approvals.status, ['Pending', 'Approved']),
        gt(approvals.expiresAt, new Date()),
      ),
    )
    .orderBy(desc(approvals.id))
    .limit(1);
  return row ?? null;
}

/** Asks for one, unless the same call did at the same moment. */
export async function askForApproval(
  tx: Tx,
  key: EnvironmentKey,
  judged: Judged,
  wanted: WantedApproval,
  traceId: TraceId,
): Promise<ApprovalRow> {
  const { action, planHash, subject: requestedBySubject, clientId: requestedByClient } = judged;
  await serializeOn(tx, 'approval', key.tenantId, planHash, requestedBySubject, requestedByClient);
  const known = await findStandingApproval(tx, key, judged);
  if (known) return known;
  const expiresAt = new Date(Date.now() + APPROVAL_SECONDS * 1000);
  const asked = { action, planHash, requestedBySubject, requestedByClient, expiresAt, traceId };
  const row = await insertApproval(tx, { ...key, ...wanted, ...asked, operationId: null });
  const { serviceId } = judged.facts;
  if (serviceId !== undefined) await noteConcerned(tx, key.tenantId, row.id, [serviceId]);
  const data = { approvalId: row.id, reasons: wanted.reasons };
  await appendEvent(tx, key, { type: 'approval.requested', data });
  return row;
}

/** Part of the acceptance transaction: compare-and-set, so that it is good for one call. */
export async function spendApproval(tx: Tx, tenantId: string, id: ApprovalId): Promise<boolean> {
  const rows = await tx
    .update(approvals)
    .set({ status: 'Consumed' })
    .where(and(eq(approvals.tenantId, tenantId), eq(approvals.id, id), eq(approvals.status, 'Approved')))
    .returning({ id: approvals.id });
  return rows.length > 0;
}
