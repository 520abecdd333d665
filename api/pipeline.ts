/**
 * What every call goes through, whatever carried it here, in this order: authenticate -> rate limit -> parse -> tenant
 * guard -> scope -> governance -> run. Each step throws its own PlatformError; the transports turn that into their own
 * form.
 */
import type { Tx } from '../db/client.ts';
import type { EnvironmentRow } from '../db/environments.ts';
import { PlatformError } from '../domain/errors.ts';
import { judgedOf } from '../domain/governed.ts';
import { hashOf } from '../domain/hash.ts';
import type { TraceId } from '../domain/ids.ts';
import type { Scope } from '../domain/scopes.ts';
import { accept, checkPrecondition, earlierAnswer, recordDenial, type Mutation } from './accept.ts';
import type { Credentials } from './auth/bearer.ts';
import type { Caller, Principal } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import { dryRun } from './dry-run.ts';
import type { Answer, Endpoint, FeedEndpoint, MutationEndpoint, RecallEndpoint } from './endpoint.ts';
import { acknowledge, type Line } from './feed.ts';
import { askGovernance } from './governance.ts';
import { heed } from './judgement.ts';
import type { Sink } from './live/source.ts';
import { parseInput, type RawInput } from './parse.ts';
import { callerOf, checkStatedTenant, guardTarget } from './tenant-guard.ts';

/** A call as a transport hands it over. */
export interface Call {
  traceId: TraceId;
  credentials: Credentials;
  params: unknown;
  query: unknown;
  /** Read only for callers that are known. */
  readBody(): Promise<unknown>;
  /** Left out by a transport that has no lines. */
  readLines?(): AsyncIterable<Line>;
  /** A tenant stated outside the body (a gRPC message's field). */
  statedTenantId?: string;
  idempotencyKey?: string;
  /** What the caller has seen last of a stream that it opens again. */
  lastEventId?: string;
  /** Entity tags, one of which has to be that of what is changed. */
  ifMatch?: string;
  /** Aborted when the caller leaves. */
  signal: AbortSignal;
}

export type Outcome =
  | { kind: 'answer'; answer: Answer }
  | { kind: 'stream'; lines: AsyncIterable<unknown>; signal: AbortSignal }
  /** Sends until there is no more to come, or rejects: with a PlatformError for the reader, or because the caller left. */
  | { kind: 'watch'; send(sink: Sink<unknown>): Promise<void> };

/** @throws PlatformError */
export async function perform(deps: ApiDeps, endpoint: Endpoint, call: Call): Promise<Outcome> {
  const principal = await deps.tokens.verify(call.credentials);
  deps.limits.admit(principal);
  refuseUnknownCondition(endpoint, call);
  if (endpoint.kind === 'feed') return takeLines(deps, endpoint, principal, call);
  const { query, isDryRun } = withoutDryRun(endpoint, call.query);
  const raw: RawInput = { params: call.params, query, body: await call.readBody() };
  const input = parseInput(endpoint, raw);
  const idempotencyKey = checkedKey(call.idempotencyKey);
  const caller = callerOf(principal, call.traceId);
  const stated = call.statedTenantId ?? statedIn(raw.body);
  if (endpoint.kind === 'mutation') {
    // A dry run takes no key: nothing of it stays that could be given again.
    const conditions = { idempotencyKey: isDryRun ? null : idempotencyKey, ifMatch: call.ifMatch ?? null, isDryRun };
    return { kind: 'answer', answer: await change(deps, endpoint, caller, input, stated, conditions) };
  }
  checkStatedTenant(caller, stated);
  if (endpoint.kind === 'recall') return { kind: 'answer', answer: await recalled(deps, endpoint, caller, input) };
  if (endpoint.kind === 'read') {
    const answer = await deps.db.forTenant(caller.tenantId, async (tx) => {
      await judge(tx, endpoint, caller, input);
      return await endpoint.run(tx, caller, input, deps);
    });
    return { kind: 'answer', answer };
  }
  // A tenant that has no place left is told without a look at the database, however many it asks for.
  deps.live.takePlace(caller.tenantId, call.signal);
  const keyOf = (environment: EnvironmentRow | null) =>
    environment && { tenantId: caller.tenantId, environmentId: environment.id };
  if (endpoint.kind === 'watch') {
    const { key, source } = await deps.db.forTenant(caller.tenantId, async (tx) => ({
      key: keyOf(await judge(tx, endpoint, caller, input)),
      source: await endpoint.run(tx, caller, input, deps, call.lastEventId || null),
    }));
    const send = async (sink: Sink<unknown>) => {
      using lifetime = deps.live.lifetime(caller, key, call.signal);
      await source(sink, lifetime.signal);
    };
    return { kind: 'watch', send };
  }
  const environment = await deps.db.forTenant(caller.tenantId, (tx) => judge(tx, endpoint, caller, input));
  const { signal } = deps.live.lifetime(caller, keyOf(environment), call.signal);
  return { kind: 'stream', lines: await endpoint.run(deps, caller, input, signal), signal };
}

/** The tenant guard, then the scope. */
async function judge(tx: Tx, endpoint: Endpoint, caller: Caller, input: unknown): Promise<EnvironmentRow | null> {
  const environment = await environmentOf(tx, endpoint, caller, input);
  await checkScope(tx, endpoint, caller, input);
  return environment;
}

async function recalled(
  { live }: ApiDeps,
  { environmentId, target, scope, route, load }: RecallEndpoint,
  caller: Caller,
  input: unknown,
): Promise<Answer> {
  const key = { tenantId: caller.tenantId, environmentId: environmentId(input) };
  await live.recall(key, 'guarded', (tx) => guardTarget(tx, caller, target, input));
  requireScope(caller, scope);
  return { status: 200, body: await live.recall(key, route, (tx) => load(tx, key)) };
}

/** The tenant guard and the rest are asked for every line. */
function takeLines(deps: ApiDeps, endpoint: FeedEndpoint, principal: Principal, call: Call): Outcome {
  const { params, query, signal } = call;
  parseInput(endpoint, { params, query, body: undefined });
  const caller = callerOf(principal, call.traceId);
  if (!call.readLines) throw new Error(`${endpoint.route} takes lines, and this transport has none`);
  return { kind: 'stream', lines: acknowledge(deps, endpoint, caller, call.readLines()), signal };
}

/** The tenant guard: the environment that the call is about, null when it is about none. */
async function environmentOf(
  tx: Tx,
  { target }: Endpoint,
  caller: Caller,
  input: unknown,
): Promise<EnvironmentRow | null> {
  return target ? await guardTarget(tx, caller, target, input) : null;
}

async function checkScope(tx: Tx, { scope }: Endpoint, caller: Caller, input: unknown): Promise<void> {
  if (scope === null) return;
  requireScope(caller, typeof scope === 'string' ? scope : await scope(tx, caller.tenantId, input));
}

function requireScope({ scopes }: Caller, needed: Scope): void {
  if (scopes.has(needed)) return;
  throw new PlatformError('ScopeMissing', `The token does not carry the scope ${needed}.`, {
    details: { requiredScope: needed },
  });
}

async function change(
  deps: ApiDeps,
  endpoint: MutationEndpoint,
  caller: Caller,
  input: unknown,
  stated: unknown,
  conditions: Pick<Mutation, 'idempotencyKey' | 'ifMatch' | 'isDryRun'>,
): Promise<Answer> {
  const bodyHash = hashOf(input);
  const mutation: Mutation = {
    endpoint,
    caller,
    input,
    bodyHash,
    ...conditions,
    environmentId: null,
    governance: null,
    judgement: null,
  };
  try {
    checkStatedTenant(caller, stated);
    const judged = await deps.db.forTenant(caller.tenantId, async (tx) => {
      const environment = await environmentOf(tx, endpoint, caller, input);
      mutation.environmentId = environment?.id ?? null;
      await checkScope(tx, endpoint, caller, input);
      const earlier = await earlierAnswer(tx, mutation);
      if (!earlier) await endpoint.permit?.(tx, caller, input);
      // It is looked at again in the acceptance; here, so that nobody is asked to approve what cannot be.
      if (!earlier) await checkPrecondition(tx, deps, mutation);
      const question = earlier ? null : await endpoint.governed?.question(tx, caller, input, environment);
      return { environment, earlier, question };
    });
    if (judged.earlier) return judged.earlier;
    if (endpoint.governed && judged.question) {
      const asked = { ...judged.question, action: endpoint.governed.action, environment: judged.environment };
      mutation.governance = await askGovernance(deps.governance, caller, asked);
      if (mutation.governance && !mutation.isDryRun) {
        mutation.judgement = await heed(deps, mutation.governance, {
          judged: judgedOf(caller, asked),
          canWait: endpoint.governed.waits ?? false,
          environmentId: mutation.environmentId,
          caller,
        });
      }
    }
  } catch (error) {
    if (error instanceof PlatformError && isDenial(error) && !mutation.isDryRun)
      await recordDenial(deps, mutation, error);
    throw error;
  }
  return mutation.isDryRun ? await dryRun(deps, mutation) : await accept(deps, mutation);
}

/** A refusal of the judges, as opposed to one by the state of things or by a broken part. */
function isDenial({ kind, code }: PlatformError): boolean {
  return kind === 'forbidden' || kind === 'notFound' || code === 'GovernanceUnavailable';
}

/** `?dryRun=true` belongs to what governance is asked about; elsewhere it is a parameter that nobody knows. */
function withoutDryRun(endpoint: Endpoint, query: unknown): { query: unknown; isDryRun: boolean } {
  const canRehearse = endpoint.kind === 'mutation' && endpoint.governed !== undefined;
  if (!canRehearse || typeof query !== 'object' || query === null || !('dryRun' in query)) {
    return { query, isDryRun: false };
  }
  const { dryRun: wanted, ...rest } = query;
  if (wanted === 'true' || wanted === 'false') return { query: rest, isDryRun: wanted === 'true' };
  throw new PlatformError('ValidationFailed', 'One thing is wrong with the input.', {
    pointers: [{ pointer: '?dryRun', message: 'is true or false' }],
  });
}

/** A condition that is not looked at must not be thought to hold. @throws PlatformError `PreconditionNotSupported` */
function refuseUnknownCondition(endpoint: Endpoint, { ifMatch }: Call): void {
  if (ifMatch === undefined || (endpoint.kind === 'mutation' && endpoint.current)) return;
  const message = 'If-Match is taken by changes of what has an ETag; nothing was done.';
  throw new PlatformError('PreconditionNotSupported', message, {
    pointers: [{ pointer: 'If-Match', message: 'is not taken here' }],
  });
}

function statedIn(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'tenantId' in body ? body.tenantId : undefined;
}

function checkedKey(key: string | undefined): string | null {
  if (key === undefined) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new PlatformError('ValidationFailed', 'One thing is wrong with the input.', {
    pointers: [{ pointer: 'Idempotency-Key', message: 'is 1 to 255 visible ASCII characters' }],
  });
}
