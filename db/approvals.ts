/** Approvals as rows. What a decision does to the operation that waits for it is in `db/held-operations.ts`. */
import { and, eq, gt, inArray, lt } from 'drizzle-orm';
import type { ApprovalStatus, Person } from '../domain/approvals.ts';
import type { Judged } from '../domain/governed.ts';
import type { ApprovalId, EnvironmentId, EnvironmentKey, OperationId, SnapshotId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { isAbout } from './concerned-services.ts';
import { afterKey, byKey, createdBetween, equals, isBound, pageOf } from './page.ts';
import type { CreatedBetween, Page, PageRequest } from './page.ts';
import { approvals } from './schema/index.ts';

export type ApprovalRow = typeof approvals.$inferSelect;
export type NewApproval = Omit<
  ApprovalRow,
  'status' | 'createdAt' | 'decidedBySubject' | 'decidedByClient' | 'decidedAt' | 'comment'
>;

/** A decision, and whose it is; without a client when it was made at the Governance platform. */
export interface Decision {
  status: 'Approved' | 'Rejected';
  by: Omit<Person, 'clientId'> & { clientId: string | null };
  comment: string | null;
}

const isIt = (tenantId: string, id: ApprovalId) => and(eq(approvals.tenantId, tenantId), eq(approvals.id, id));

export async function insertApproval(tx: Tx, approval: NewApproval): Promise<ApprovalRow> {
  const [row] = await tx
    .insert(approvals)
    .values({ ...approval, status: 'Pending', createdAt: new Date() })
    .returning();
  return row as ApprovalRow;
}

export async function findApproval(tx: Tx, tenantId: string, id: ApprovalId): Promise<ApprovalRow | null> {
  const [row] = await tx.select().from(approvals).where(isIt(tenantId, id));
  return row ?? null;
}

export interface ApprovalFilter extends CreatedBetween {
  environmentId?: EnvironmentId;
  serviceId?: string;
  status?: ApprovalStatus;
}

/** The newest first. */
export async function pageOfApprovals(
  tx: Tx,
  tenantId: string,
  filter: ApprovalFilter,
  page: PageRequest,
): Promise<Page<ApprovalRow>> {
  const { id } = approvals;
  const rows = await tx
    .select()
    .from(approvals)
    .where(
      and(
        eq(approvals.tenantId, tenantId),
        isBound(approvals),
        equals(approvals.environmentId, filter.environmentId),
        isAbout(approvals, filter.serviceId),
        equals(approvals.status, filter.status),
        createdBetween(approvals.createdAt, filter),
        afterKey(page, id),
      ),
    )
    .orderBy(...byKey(id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}

/** Compare-and-set of the one decision there is; null when it was decided, is over, or its time has come. */
export async function setDecision(
  tx: Tx,
  tenantId: string,
  id: ApprovalId,
  { status, by, comment }: Decision,
): Promise<ApprovalRow | null> {
  const now = new Date();
  const [row] = await tx
    .update(approvals)
    .set({ status, decidedBySubject: by.subject, decidedByClient: by.clientId, decidedAt: now, comment })
    .where(and(isIt(tenantId, id), eq(approvals.status, 'Pending'), gt(approvals.expiresAt, now)))
    .returning();
  return row ?? null;
}

/** Compare-and-set of one that nobody has decided in time. */
export async function setExpired(tx: Tx, tenantId: string, id: ApprovalId): Promise<boolean> {
  const rows = await tx
    .update(approvals)
    .set({ status: 'Expired' })
    .where(and(isIt(tenantId, id), eq(approvals.status, 'Pending'), lt(approvals.expiresAt, new Date())))
    .returning({ id: approvals.id });
  return rows.length > 0;
}

/**
 * Whether governance has judged what an operation would do now, over what is live; and where it wanted an approval, whether
 * that was given, to this operation, for just this plan.
 */
export async function isJudged(
  tx: Tx,
  operation: { tenantId: string; id: OperationId; judged: Judged | null },
  over: SnapshotId | null,
): Promise<boolean> {
  const { tenantId, id, judged } = operation;
  if (!judged) return true;
  if (judged.over !== undefined && judged.over !== over) return false;
  if (judged.approvalId === null) return true;
  const approval = await findApproval(tx, tenantId, judged.approvalId);
  return approval?.status === 'Approved' && approval.operationId === id && approval.planHash === judged.planHash;
}

/** What was approved begins. */
export async function consumeApproval(tx: Tx, tenantId: string, operationId: OperationId): Promise<void> {
  await close(tx, tenantId, operationId, ['Approved'], 'Consumed');
}

/** The operation has ended, or goes on without: what is open is not asked for any more. */
export async function closeApprovals(
  tx: Tx,
  tenantId: string,
  operationId: OperationId,
  to: 'Expired' | 'Withdrawn',
): Promise<void> {
  await close(tx, tenantId, operationId, ['Pending'], to);
  await close(tx, tenantId, operationId, ['Approved'], 'Withdrawn');
}

async function close(
  tx: Tx,
  tenantId: string,
  operationId: OperationId,
  from: ApprovalStatus[],
  to: ApprovalStatus,
): Promise<void> {
  await tx
    .update(approvals)
    .set({ status: to })
    .where(
      and(eq(approvals.tenantId, tenantId), eq(approvals.operationId, operationId), inArray(approvals.status, from)),
    );
}

export interface OverdueApproval extends EnvironmentKey {
  approvalId: ApprovalId;
}

/** What nobody has decided in time, of every tenant. */
export async function overdueApprovals(tx: Tx): Promise<OverdueApproval[]> {
  return await tx
    .select({ tenantId: approvals.tenantId, environmentId: approvals.environmentId, approvalId: approvals.id })
    .from(approvals)
    .where(and(eq(approvals.status, 'Pending'), lt(approvals.expiresAt, new Date())));
}
