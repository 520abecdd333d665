/** What an operation's failure is told with, beside what it says itself. */
import { and, asc, eq, inArray, isNotNull, isNull, lt } from 'drizzle-orm';
import type { Failure, FailureCode } from '../domain/failures.ts';
import type { Tx } from './client.ts';
import { components, deployments, operations, type WaitingOn } from './schema/index.ts';

type OperationRow = typeof operations.$inferSelect;

/** These say that it took too long, and not what did. */
const TIME_IS_UP: FailureCode[] = ['ProgressDeadlineExceeded', 'DeadlineExceeded'];

/**
 * Who asked for the operation, what it waited for, and, when its time is up, which component it was at. Told of a failure
 * that was explained before it changes nothing.
 */
export async function explained(tx: Tx, operation: OperationRow, failure: Failure): Promise<Failure> {
  const told: Failure = { ...failure, traceId: operation.traceId };
  const { waitingOn, status } = operation;
  if (told.heldBy !== undefined) return told;
  if (waitingOn?.kind === 'platform') return heldByPlatform(told, waitingOn);
  if (!TIME_IS_UP.includes(told.code)) return told;
  if (waitingOn) return held(told, waitingOn.reference, `It waited for ${waitingOn.reference}.`);
  return status === 'Accepted' ? await heldByAnother(tx, operation, told) : await standing(tx, operation, told);
}

function held(told: Failure, heldBy: string, sentence: string): Failure {
  return { ...told, heldBy, message: `${told.message} ${sentence}` };
}

/** What was waited for has its own evidence. */
function heldByPlatform(told: Failure, { reference, failure }: WaitingOn): Failure {
  if (told.code === reference) return told;
  const why = failure ? `${reference}: ${failure.message.replace(/\.$/, '')}` : reference;
  return held({ ...failure, ...told }, reference, `It was held by ${why}.`);
}

async function heldByAnother(tx: Tx, { tenantId, environmentId, seq }: OperationRow, told: Failure): Promise<Failure> {
  const [first] = await tx
    .select({ id: operations.id, kind: operations.kind, phase: operations.phase })
    .from(operations)
    .where(
      and(
        ...[eq(operations.tenantId, tenantId), eq(operations.environmentId, environmentId)],
        ...[lt(operations.seq, seq), inArray(operations.status, ['Accepted', 'Updating'])],
      ),
    )
    .orderBy(asc(operations.seq))
    .limit(1);
  return first ? held(told, first.id, `It stood behind ${first.id}, a ${first.kind} in ${first.phase}.`) : told;
}

/** The component that it had begun with first of those that it had not come to an end with. */
async function standing(tx: Tx, { tenantId, id }: OperationRow, told: Failure): Promise<Failure> {
  if (told.serviceId !== undefined) return told;
  const [at] = await tx
    .select({ serviceId: components.serviceId, reason: components.reason })
    .from(components)
    .innerJoin(
      deployments,
      and(eq(deployments.tenantId, components.tenantId), eq(deployments.id, components.deploymentId)),
    )
    .where(
      and(
        ...[eq(deployments.tenantId, tenantId), eq(deployments.operationId, id)],
        ...[isNotNull(components.startedAt), isNull(components.endedAt)],
      ),
    )
    .orderBy(asc(components.startedAt))
    .limit(1);
  return at ? { ...told, serviceId: at.serviceId, ...(at.reason !== null && { evidence: at.reason }) } : told;
}
