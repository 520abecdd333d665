/** The acceptance transaction: receipt, rows, operation, event and answer stand together, or not at all. */
import {
  findByIdempotencyKey,
  insertRequest,
  serializeOn,
  type IdempotencySlot,
  type RequestRow,
} from '../db/requests.ts';
import { holdBinding } from '../db/tenant-bindings.ts';
import type { Tx } from '../db/client.ts';
import { makeWay, type Unheard } from '../db/commands.ts';
import { newId } from '../db/new-id.ts';
import { PlatformError } from '../domain/errors.ts';
import type { EnvironmentId, EnvironmentKey } from '../domain/ids.ts';
import type { GovernanceDecision } from '../providers/governance/port.ts';
import type { Caller } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import type { Accepted, Answer, MutationEndpoint } from './endpoint.ts';
import { checkIfMatch } from './entity-tag.ts';
import { keep, spend, type Judgement } from './judgement.ts';
import { problemAnswer } from './problem.ts';
import { reserveQuota } from './quota.ts';
import { bindingRevoked } from './tenant-guard.ts';

/** A mutation that was parsed, and what is known about it so far. */
export interface Mutation {
  endpoint: MutationEndpoint;
  caller: Caller;
  input: unknown;
  /** SHA-256 of the canonical input. */
  bodyHash: string;
  idempotencyKey: string | null;
  ifMatch: string | null;
  /** It is only to be told what would happen. */
  isDryRun: boolean;
  environmentId: EnvironmentId | null;
  governance: GovernanceDecision | null;
  /** What becomes of the operation by that answer; null where governance is not asked. */
  judgement: Judgement | null;
}

/** How long a call waits for the doorbell; the work stands in Postgres already, and reconcile rings for what is missed. */
const RING_TIMEOUT_MS = 1_000;

/** The answer of the call that used this key first, if there was one. @throws PlatformError `IdempotencyKeyReused` */
export async function earlierAnswer(tx: Tx, mutation: Mutation): Promise<Answer | null> {
  const slot = slotOf(mutation);
  const earlier = slot && (await findByIdempotencyKey(tx, slot));
  return earlier && replayOf(earlier, mutation.bodyHash);
}

/** @throws PlatformError whatever `run` refuses: then nothing was changed, and the key is free for another try. */
export async function accept(deps: ApiDeps, mutation: Mutation): Promise<Answer> {
  const { caller } = mutation;
  const slot = slotOf(mutation);
  let ringFor: EnvironmentKey | undefined;
  let touched: EnvironmentKey | undefined;
  let told: Unheard | null = null;
  const acceptance = async (tx: Tx) => {
    if (slot) {
      await serializeOn(tx, 'idempotency', ...Object.values(slot));
      const earlier = await earlierAnswer(tx, mutation);
      if (earlier) return earlier;
    }
    const accepted = await carryOut(tx, deps, mutation);
    const { status, headers = {}, body, environmentId, operation, receiptId = newId('req') } = accepted;
    touched = { tenantId: caller.tenantId, environmentId };
    await insertRequest(tx, {
      ...receiptOf(mutation),
      id: receiptId,
      decision: 'allowed',
      code: null,
      environmentId,
      operationId: operation?.id ?? accepted.tell?.operationId ?? null,
      answerStatus: status,
      answerHeaders: headers,
      answerBody: body,
    });
    const held =
      operation !== undefined && mutation.judgement !== null && (await keep(tx, operation, mutation.judgement));
    told = accepted.tell ?? null;
    // Its lane would go past it.
    if (operation && !held) {
      ringFor = operation.key;
      told = await makeWay(tx, operation.key, operation.id, { commandId: receiptId, by: caller.subject });
    }
    return { status, headers, body };
  };
  const answer = await deps.db.forTenant(caller.tenantId, acceptance).catch(async (error: unknown) => {
    if (error instanceof PlatformError && error.code === 'BindingRevoked') await recordDenial(deps, mutation, error);
    throw error;
  });
  if (touched) deps.live.touched(touched);
  if (ringFor) await ringInTime(deps, ringFor);
  const isHeard = told !== null && (await tellInTime(deps, told));
  // A command that has been heard is done; of what was accepted beside one, the answer stands.
  return isHeard && !ringFor ? { status: 200, body: answer.body } : answer;
}

/** What the call does, within its bounds. @throws PlatformError whatever it is refused by */
export async function carryOut(tx: Tx, deps: ApiDeps, mutation: Mutation): Promise<Accepted> {
  const { endpoint, caller, input } = mutation;
  await requireBinding(tx, mutation);
  await checkPrecondition(tx, deps, mutation);
  if (mutation.judgement && !mutation.isDryRun) await spend(tx, caller.tenantId, mutation.judgement);
  const accepted = await endpoint.run(tx, caller, input, deps);
  // With any other status it is one that was accepted before: an approval rings for what it lets go on.
  if (accepted.operation && accepted.status === 202) await reserveQuota(tx, deps.quotas, accepted.operation);
  return accepted;
}

/** The judges' look is some time ago: from here on the binding holds until the acceptance stands, or it is refused. */
async function requireBinding(tx: Tx, { endpoint, caller, environmentId }: Mutation): Promise<void> {
  if (environmentId === null || !endpoint.target || endpoint.target.isUnbound) return;
  if (!(await holdBinding(tx, { tenantId: caller.tenantId, environmentId }))) throw bindingRevoked();
}

/** @throws PlatformError `PreconditionFailed` */
export async function checkPrecondition(tx: Tx, deps: ApiDeps, mutation: Mutation): Promise<void> {
  const { endpoint, caller, input, ifMatch } = mutation;
  if (ifMatch === null || !endpoint.current) return;
  checkIfMatch(ifMatch, await endpoint.current(tx, caller, input, deps));
}

/** The refusal of a known caller, in a transaction of its own. */
export async function recordDenial(deps: ApiDeps, mutation: Mutation, error: PlatformError): Promise<void> {
  const { status, headers = {}, body } = problemAnswer(error, mutation.caller.traceId);
  await deps.db.forTenant(mutation.caller.tenantId, (tx) =>
    insertRequest(tx, {
      ...receiptOf(mutation),
      decision: 'denied',
      code: error.code,
      environmentId: mutation.environmentId,
      operationId: null,
      answerStatus: status,
      answerHeaders: headers,
      answerBody: body,
    }),
  );
}

function receiptOf({ endpoint, caller, bodyHash, idempotencyKey, governance }: Mutation) {
  return {
    tenantId: caller.tenantId,
    clientId: caller.clientId,
    subject: caller.subject,
    method: endpoint.method,
    route: endpoint.route,
    idempotencyKey,
    bodyHash,
    governance: governance && { ...governance },
    traceId: caller.traceId,
  };
}

function slotOf({ endpoint, caller, idempotencyKey }: Mutation): IdempotencySlot | null {
  if (idempotencyKey === null) return null;
  const { tenantId, clientId, subject } = caller;
  return { tenantId, clientId, subject, method: endpoint.method, route: endpoint.route, key: idempotencyKey };
}

function replayOf(earlier: RequestRow, bodyHash: string): Answer {
  if (earlier.bodyHash !== bodyHash) {
    throw new PlatformError('IdempotencyKeyReused', 'This Idempotency-Key was used with another input.');
  }
  const headers = { ...earlier.answerHeaders, 'x-trace-id': earlier.traceId, 'idempotency-replayed': 'true' };
  return { status: earlier.answerStatus, headers, body: earlier.answerBody };
}

async function tellInTime({ tell, log }: ApiDeps, command: Unheard): Promise<boolean> {
  try {
    await tell(command);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ ...command, reason }, 'the workflow could not be told; reconcile will');
    return false;
  }
}

async function ringInTime({ ring, log }: ApiDeps, key: EnvironmentKey): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${RING_TIMEOUT_MS} ms`)), RING_TIMEOUT_MS);
  try {
    await Promise.race([ring(key), late.promise]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ ...key, reason }, 'the lane could not be rung; reconcile will');
  } finally {
    clearTimeout(timer);
  }
}
