/** What was asked of operations on their way: decided on the row, under the environment's lock. */
import { and, eq, inArray, isNotNull, isNull, lt } from 'drizzle-orm';
import { judgeCommand, type Command, type Commanded, type Verdict, type Wish } from '../domain/commands.ts';
import type { Failure } from '../domain/failures.ts';
import type { EnvironmentKey, OperationId, OperationKey, CommandId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { findDeploymentByOperation, type DeploymentRow } from './deployments.ts';
import { lockEnvironment } from './environments.ts';
import { appendEvent } from './events.ts';
import { endOperation, findOperation, type OperationRow } from './operations.ts';
import { deployments, operations } from './schema/index.ts';

export interface Given {
  command: Command;
  commandId: CommandId;
  /** Who gave it, for people. */
  by: string;
  /** Of an abort: what the operation ends with. */
  because: Failure;
}

export interface Answered {
  verdict: Verdict;
  /** As it is now. */
  operation: OperationRow;
  deployment: DeploymentRow | null;
}

/** Decides a command; null when there is no such operation. A refused one changes nothing. */
export async function commandOperation(
  tx: Tx,
  key: EnvironmentKey,
  id: OperationId,
  given: Given,
): Promise<Answered | null> {
  await lockEnvironment(tx, key);
  const operation = await findOperation(tx, key.tenantId, id);
  if (!operation) return null;
  const deployment = await findDeploymentByOperation(tx, key.tenantId, id);
  const verdict = judgeCommand(given.command, commandedOf(operation, deployment));
  await carryOut(tx, key, operation, given, verdict);
  return {
    verdict,
    operation: (await findOperation(tx, key.tenantId, id)) ?? operation,
    deployment: await findDeploymentByOperation(tx, key.tenantId, id),
  };
}

function commandedOf({ kind, phase, wanted }: OperationRow, deployment: DeploymentRow | null): Commanded {
  return { kind, phase, wanted, step: deployment?.step ?? null };
}

async function carryOut(tx: Tx, key: EnvironmentKey, operation: OperationRow, given: Given, verdict: Verdict) {
  const { command, commandId, by, because } = given;
  if (verdict.verdict === 'refused' || verdict.verdict === 'already') return;
  await appendEvent(tx, key, {
    type: `${operation.kind}.commanded`,
    operationId: operation.id,
    data: { command, by },
  });
  if (verdict.verdict === 'canceled') {
    await endOperation(tx, key, operation.id, { phase: 'Canceled', failure: because });
    return;
  }
  const isAbort = verdict.verdict === 'wanted' && verdict.wanted === 'abort';
  await tx
    .update(operations)
    .set({
      ...(verdict.verdict === 'wanted' && { wanted: verdict.wanted }),
      ...(isAbort && { wantedBecause: because }),
      ...(command !== 'pause' && operation.waitingOn?.kind === 'pause' && { waitingOn: null }),
      ...{ command, commandId, commandedAt: new Date(), heardAt: null },
    })
    .where(isIt(key.tenantId, operation.id));
  if (verdict.verdict === 'promoted') {
    await tx
      .update(deployments)
      .set({ stepsPassed: verdict.stepsPassed, step: null })
      .where(and(eq(deployments.tenantId, key.tenantId), eq(deployments.operationId, operation.id)));
  }
}

/** The workflow knows of this command, and of those before it. */
export async function noteHeard(tx: Tx, { tenantId, operationId }: OperationKey, commandId: CommandId): Promise<void> {
  await tx
    .update(operations)
    .set({ heardAt: new Date() })
    .where(and(isIt(tenantId, operationId), eq(operations.commandId, commandId), eq(operations.status, 'Updating')));
}

/** What whoever works on an operation has to heed. */
export interface Heeded {
  wanted: Wish;
  because: Failure | null;
  stepsPassed: number;
}

export async function heededOf(
  tx: Tx,
  { tenantId, operationId }: Omit<OperationKey, 'environmentId'>,
): Promise<Heeded> {
  const [row] = await tx
    .select({ wanted: operations.wanted, because: operations.wantedBecause, stepsPassed: deployments.stepsPassed })
    .from(operations)
    .leftJoin(
      deployments,
      and(eq(deployments.tenantId, operations.tenantId), eq(deployments.operationId, operations.id)),
    )
    .where(isIt(tenantId, operationId));
  return { wanted: row?.wanted ?? 'run', because: row?.because ?? null, stepsPassed: row?.stepsPassed ?? 0 };
}

export interface Unheard extends OperationKey {
  command: Command;
  commandId: CommandId;
}

/** The last command to an operation, as long as its workflow was not told of it. */
export function unheardOf(operation: OperationRow): Unheard | null {
  const { tenantId, environmentId, id: operationId, status, command, commandId, heardAt } = operation;
  if (status !== 'Updating' || command === null || commandId === null || heardAt !== null) return null;
  return { tenantId, environmentId, operationId, command, commandId };
}

/** Commands that no workflow was told of since then, of every tenant. As `slipway_system`. */
export async function unheardCommands(tx: Tx, olderThan: Date): Promise<Unheard[]> {
  const rows = await tx
    .select({
      tenantId: operations.tenantId,
      environmentId: operations.environmentId,
      operationId: operations.id,
      command: operations.command,
      commandId: operations.commandId,
    })
    .from(operations)
    .where(
      and(
        eq(operations.status, 'Updating'),
        isNotNull(operations.commandedAt),
        isNull(operations.heardAt),
        lt(operations.commandedAt, olderThan),
      ),
    );
  return rows.filter((row): row is Unheard => row.command !== null && row.commandId !== null);
}

/**
 * Where `id` is to supersede them, the deployments before it give way: those that wait end here; the one at work is given
 * up, as far as it still can be, and goes back before `id` has its turn.
 *
 * @returns the command to the one at work, which its workflow is to be told of; null when there is none
 */
export async function makeWay(
  tx: Tx,
  key: EnvironmentKey,
  id: OperationId,
  { commandId, by }: Pick<Given, 'commandId' | 'by'>,
): Promise<Unheard | null> {
  await lockEnvironment(tx, key);
  const successor = await findOperation(tx, key.tenantId, id);
  // Nobody gives way for what was rejected.
  if (successor?.status !== 'Accepted' || successor.onConflict !== 'supersede') return null;
  const because: Failure = { code: 'OperationSuperseded', message: `${id} took its place.` };
  let told: Unheard | null = null;
  for (const operation of await openDeploymentsBefore(tx, key, successor.seq)) {
    if (operation.status === 'Accepted') {
      await endOperation(tx, key, operation.id, { phase: 'Superseded', failure: because });
      continue;
    }
    const answered = await commandOperation(tx, key, operation.id, { command: 'abort', commandId, by, because });
    if (answered && answered.verdict.verdict !== 'refused') told = unheardOf(answered.operation);
  }
  return told;
}

async function openDeploymentsBefore(tx: Tx, key: EnvironmentKey, seq: number): Promise<OperationRow[]> {
  return await tx
    .select()
    .from(operations)
    .where(
      and(
        eq(operations.tenantId, key.tenantId),
        eq(operations.environmentId, key.environmentId),
        eq(operations.kind, 'deploy'),
        lt(operations.seq, seq),
        inArray(operations.status, ['Accepted', 'Updating']),
      ),
    );
}

const isIt = (tenantId: string, id: OperationId) => and(eq(operations.tenantId, tenantId), eq(operations.id, id));
