/** What is past its time ends, from Postgres alone: it has to end while Temporal is away, too. Outside the bundle. */
import { overdueApprovals } from '../db/approvals.ts';
import type { Database } from '../db/client.ts';
import { lockEnvironment } from '../db/environments.ts';
import { expireApproval } from '../db/held-operations.ts';
import { openWork, type OpenWork } from '../db/open-work.ts';
import { endOperation, findOperation } from '../db/operations.ts';
import type { OperationId } from '../domain/ids.ts';

export interface OverdueOptions {
  db: Database;
  /** Work younger than this is being seen to by whoever accepted it. @default 30 s */
  graceMs?: number;
  onError(error: unknown): void;
}

export const GRACE_MS = 30_000;
/** After its own timer and the server's execution timeout (30 s past the deadline) had their turn. */
const PAST_DEADLINE_MS = 35_000;

/**
 * Ends operations that are past their deadline, and approvals that nobody has decided in time; one that cannot be ended
 * does not keep the others.
 *
 * @returns those that had begun: their workflows may still run
 */
export async function endOverdue(options: OverdueOptions): Promise<OperationId[]> {
  const { db, graceMs = GRACE_MS } = options;
  const work = await db.forSystem((tx) => openWork(tx, new Date(Date.now() - graceMs)));
  const late = work.filter(({ deadlineAt }) => deadlineAt && Date.now() > deadlineAt.getTime() + PAST_DEADLINE_MS);
  const ended: OperationId[] = [];
  for (const item of late) {
    await attempt(options, async () => {
      if (item.operationId && (await expire(db, item, item.operationId))) ended.push(item.operationId);
    });
  }
  for (const approval of await db.forSystem(overdueApprovals)) {
    await attempt(options, () =>
      db.forTenant(approval.tenantId, (tx) => expireApproval(tx, approval, approval.approvalId)),
    );
  }
  return ended;
}

export async function attempt({ onError }: Pick<OverdueOptions, 'onError'>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    onError(error);
  }
}

/**
 * Ends an operation whose own holders of the deadline have not. False when it had ended, or had never begun: then there is
 * no workflow to terminate.
 */
async function expire(db: Database, work: OpenWork, operationId: OperationId): Promise<boolean> {
  return await db.forTenant(work.tenantId, async (tx) => {
    await lockEnvironment(tx, work);
    const operation = await findOperation(tx, work.tenantId, operationId);
    if (!operation) return false;
    const claimed = operation.status === 'Updating';
    const phase = !claimed ? 'Expired' : operation.phase === 'RollingBack' ? 'RollbackFailed' : 'Failed';
    const ended = await endOperation(tx, work, operationId, {
      phase,
      failure: { code: 'DeadlineExceeded', message: `It had not ended by ${operation.deadlineAt.toISOString()}.` },
      ...(claimed && { convergeReason: `${operationId} was ended past its deadline in ${operation.phase}` }),
    });
    return ended && claimed;
  });
}
