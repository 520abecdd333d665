/** Where a deployment is on its way, where it stops, and how it goes on from there. */
import type { Database, Tx } from '../db/client.ts';
import { findDeploymentByOperation, setStep } from '../db/deployments.ts';
import { requireFence } from '../db/environments.ts';
import { appendEvent } from '../db/events.ts';
import { advancePhase, findOperation, setWaitingOn } from '../db/operations.ts';
import { cameTo, type WaitsFor } from '../domain/commands.ts';
import type { OperationKey } from '../domain/ids.ts';
import type { Phase } from '../domain/phases.ts';
import type { Attempt } from './attempt.ts';
import { operationLost } from './failures.ts';
import { faultOf } from './heed.ts';

/** A phase that has not come to its end: it goes on from where it stopped when it is asked for again. */
export interface Stopped {
  waitsFor: WaitsFor;
}

/** Whether it stops before this phase; otherwise it is in it. @throws OperationFault when it has ended, or is given up */
export async function enterOrStop(
  db: Database,
  input: OperationKey,
  attempt: Attempt,
  phase: Phase,
): Promise<Stopped | null> {
  return await db.forTenant(input.tenantId, async (tx) => {
    await requireFence(tx, input, attempt.fence);
    const stopped = await stop(tx, input, 'resume');
    if (!stopped) await enter(tx, input, phase);
    return stopped;
  });
}

/** @throws OperationFault when it has ended, or is given up */
export async function enter(tx: Tx, input: OperationKey, phase: Phase): Promise<void> {
  if (await advancePhase(tx, input, input.operationId, phase)) return;
  const operation = await findOperation(tx, input.tenantId, input.operationId);
  if (operation?.status === 'Updating' && operation.wanted === 'abort') throw faultOf(operation.wantedBecause);
  throw operationLost(input.operationId);
}

/** Whether it stops here, until somebody resumes it, or promotes the step that it is at. */
export async function stopHere(
  db: Database,
  input: OperationKey,
  attempt: Attempt,
  waitsFor: WaitsFor,
): Promise<Stopped | null> {
  return await db.forTenant(input.tenantId, async (tx) => {
    await requireFence(tx, input, attempt.fence);
    return await stop(tx, input, waitsFor);
  });
}

/** Under the environment's lock: a command comes before it, or after. */
async function stop(tx: Tx, input: OperationKey, waitsFor: WaitsFor): Promise<Stopped | null> {
  const { tenantId, operationId } = input;
  const operation = await findOperation(tx, tenantId, operationId);
  if (operation?.status !== 'Updating') throw operationLost(operationId);
  if (operation.wanted === 'abort') throw faultOf(operation.wantedBecause);
  const waits = operation.wanted === 'pause' ? 'resume' : waitsFor;
  if (waits === 'resume' && operation.wanted === 'run') return null;
  // Somebody was faster, and it is past that step.
  if (waits === 'promote' && (await findDeploymentByOperation(tx, tenantId, operationId))?.step === null) return null;
  await setWaitingOn(tx, tenantId, operationId, { kind: 'pause', reference: waits });
  await appendEvent(tx, input, { type: 'deploy.stopped', operationId, data: { waitsFor: waits } });
  return { waitsFor: waits };
}

/** From now on the deployment is at this step, which `promote` takes it past, if it has not yet; or the step is behind it. */
export async function noteStep(
  db: Database,
  input: OperationKey,
  attempt: Attempt,
  at: { step: number } | { step: null; stepsPassed: number },
): Promise<void> {
  const { tenantId, operationId } = input;
  await db.forTenant(tenantId, async (tx) => {
    await requireFence(tx, input, attempt.fence);
    if ('stepsPassed' in at) return await setStep(tx, tenantId, operationId, at);
    const deployment = await findDeploymentByOperation(tx, tenantId, operationId);
    if (deployment) await setStep(tx, tenantId, operationId, { step: cameTo(at.step, deployment) });
  });
}
