/** The end of an environment's time: the decommission that Slipway itself asks for, on record as anybody's is. */
import { EXPIRY, canExpire, expiryIntent } from '../domain/expiry.ts';
import type { Judged } from '../domain/governed.ts';
import { hashOf } from '../domain/hash.ts';
import type { EnvironmentKey, TraceId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { openDecommission } from './decommissions.ts';
import { lockEnvironment } from './environments.ts';
import { appendEvent } from './events.ts';
import { keepJudged, type WantedApproval } from './held-operations.ts';
import { newTraceId } from './new-id.ts';
import { endOperation, findOpenOperation } from './operations.ts';
import { insertRequest } from './requests.ts';

/** As long as a decommission has that somebody asks for without saying otherwise. */
const PROGRESS_DEADLINE_SECONDS = 900;

export interface Expiry extends EnvironmentKey {
  expiresAt: Date;
  /** What governance says to it; null where it is not asked. */
  verdict: {
    judged: Judged;
    decision: { decision: 'allow' | 'deny' | 'requireApproval'; reasons: string[] };
    wanted: WantedApproval | null;
  } | null;
  /** When it is looked at again, should the environment be there still. */
  nextLookAt: Date;
}

/**
 * Accepts the decommission, or notes that governance denies it. Nothing is done when the environment expires at another
 * time by now, or somebody takes it away already.
 *
 * @returns whether its lane has something to do
 */
export async function expireEnvironment(tx: Tx, expiry: Expiry): Promise<boolean> {
  const { tenantId, environmentId, expiresAt, verdict, nextLookAt } = expiry;
  const key = { tenantId, environmentId };
  const environment = await lockEnvironment(tx, key);
  if (!environment || !canExpire(environment.status)) return false;
  if (environment.expiresAt?.getTime() !== expiresAt.getTime()) return false;
  if (await findOpenOperation(tx, key, 'decommission')) return false;
  const traceId = newTraceId();
  if (verdict?.decision.decision === 'deny') {
    const { reasons } = verdict.decision;
    const data = { expiresAt: expiresAt.toISOString(), reasons, nextLookAt: nextLookAt.toISOString() };
    await appendEvent(tx, key, { type: 'environment.expiryDenied', data });
    const body = { code: 'GovernanceDenied', reasons, traceId };
    await insertRequest(tx, { ...receiptOf(expiry, traceId), ...DENIED, answerBody: body, operationId: null });
    return false;
  }
  const wanted = { ...key, progressDeadlineSeconds: PROGRESS_DEADLINE_SECONDS, traceId };
  const { operation } = await openDecommission(tx, wanted);
  const { id: operationId, status } = operation;
  await appendEvent(tx, key, {
    type: 'environment.expired',
    operationId,
    data: { expiresAt: expiresAt.toISOString() },
  });
  const body = { environmentId, operationId, status, traceId };
  await insertRequest(tx, { ...receiptOf(expiry, traceId), ...ALLOWED, answerBody: body, operationId });
  const isHeld = verdict !== null && (await keepJudged(tx, operation, verdict.judged, verdict.wanted));
  return !isHeld;
}

/** The environment's time is another one from now on: what waits for an approval because of the former does so no more. */
export async function withdrawExpiry(tx: Tx, key: EnvironmentKey): Promise<void> {
  const open = await findOpenOperation(tx, key, 'decommission');
  if (open?.waitingOn?.kind !== 'approval' || !isByExpiry(open.judged)) return;
  await endOperation(tx, key, open.id, {
    phase: 'Canceled',
    failure: { code: 'OperationCanceled', message: 'The time at which the environment expires was moved.' },
  });
}

const isByExpiry = (judged: Judged | null) => judged?.subject === EXPIRY.subject && judged.clientId === EXPIRY.clientId;

const ALLOWED = { decision: 'allowed', code: null, answerStatus: 202 } as const;
const DENIED = { decision: 'denied', code: 'GovernanceDenied', answerStatus: 403 } as const;

/** Beside the receipts of calls: the method is none, so that nobody's call looks like it. */
function receiptOf({ tenantId, environmentId, expiresAt, verdict }: Expiry, traceId: TraceId) {
  return {
    ...{ tenantId, environmentId, traceId, ...EXPIRY },
    method: 'SWEEP',
    route: '/runtime/environments/{environmentId}/decommission',
    idempotencyKey: null,
    bodyHash: hashOf(expiryIntent(environmentId, expiresAt)),
    governance: verdict && { ...verdict.decision },
    answerHeaders: {},
  };
}
