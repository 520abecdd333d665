/**
 * An endpoint says all there is to say about one operation: route, scope, what goes in and out, and `run`. REST, and
 * whatever else speaks for the platform, derive from it; `pipeline.ts` has the order in which it is judged.
 */
import type { z } from 'zod';
import type { Tx } from '../db/client.ts';
import type { Unheard } from '../db/commands.ts';
import type { EnvironmentRow } from '../db/environments.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { EnvironmentId, EnvironmentKey, OperationId, RequestId } from '../domain/ids.ts';
import type { Scope } from '../domain/scopes.ts';
import type { GovernedAction } from '../providers/governance/port.ts';
import type { Caller } from './caller.ts';
import type { Deprecation } from './deprecation.ts';
import type { ApiDeps } from './deps.ts';
import type { Asked } from './governance.ts';
import type { Source } from './live/source.ts';

/** The parts of a call that are read; a part that is left out has to be empty. */
export interface InputShape {
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
}
export type InputOf<S extends InputShape> = { [K in keyof S]: S[K] extends z.ZodType ? z.output<S[K]> : never };

/** Status -> shape of the body. */
export type OutputShape = Record<number, z.ZodType>;
export type AnswerOf<O extends OutputShape> = {
  [S in keyof O & number]: { status: S; body: z.input<O[S]>; headers?: Record<string, string> };
}[keyof O & number];

/** An answer as the transports carry it. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

/** The environment that a call is about, for the tenant guard. */
export interface Target<I> {
  /** What the caller reads when it is not there, belongs to another tenant, or was never bound. */
  notFound: ErrorCode;
  /** The call is about the binding itself, so it may be a revoked one, or none yet. */
  isUnbound?: true;
  /** Null when there is none. It may refuse by a PlatformError of its own. */
  locate(tx: Tx, tenantId: string, input: I): Promise<EnvironmentId | null>;
}

/** Asks governance before a mutation runs. */
export interface Governed<I> {
  action: GovernedAction;
  /** All that `run` does is to accept an operation: one that wants an approval is accepted too, and waits for it. */
  waits?: true;
  /** What to judge; `environment` is the one the tenant guard found, null when it does not exist yet. */
  question(
    tx: Tx,
    caller: Caller,
    input: I,
    environment: EnvironmentRow | null,
  ): Promise<Pick<Asked, 'stage' | 'intent' | 'over' | 'facts'>>;
}

interface Common<I> {
  /** With `{name}` for parameters, below the version: `/runtime/environments/{environmentId}`. */
  route: string;
  /**
   * One scope, or the way to it where it depends on what is asked for (an operation is read with its noun's scope). Null
   * where the audience of the token alone opens it: then it is internal.
   */
  scope: Scope | null | ((tx: Tx, tenantId: string, input: I) => Promise<Scope>);
  /** What `scope` may come to, where it is found on the way; for the document. */
  possibleScopes?: Scope[];
  /** Set when it is to go away; a whole version is deprecated on its surface. */
  deprecated?: Deprecation;
  /** What it is for, in a few words; for the document. Left out, the document says it by method and route. */
  summary?: string;
  /** What `check`, `locate`, `question` and `run` refuse by; the pipeline's own codes go without saying. */
  refuses?: ErrorCode[];
  input: InputShape;
  output: OutputShape;
  /** Left out when a call is about no environment yet. */
  target?: Target<I>;
  /** What a shape cannot say about the input alone. @throws PlatformError */
  check?(input: I): void;
}

export interface ReadEndpoint<I = unknown> extends Common<I> {
  kind: 'read';
  method: 'GET';
  /** Runs in the transaction in which the call was judged. */
  run(tx: Tx, caller: Caller, input: I, deps: ApiDeps): Promise<Answer>;
}

/** A question about one environment, asked so often that it is judged and answered from memory (`live/memory.ts`). */
export interface RecallEndpoint<I = unknown> extends Omit<Common<I>, 'scope' | 'target'> {
  kind: 'recall';
  method: 'GET';
  scope: Scope;
  target: Target<I>;
  environmentId(input: I): EnvironmentId;
  /** The body of the answer; whatever it is read from, a change of it touches the environment. */
  load(tx: Tx, key: EnvironmentKey): Promise<unknown>;
}

/** What a mutation did in the acceptance transaction. */
export interface Accepted extends Answer {
  environmentId: EnvironmentId;
  /** The id of its receipt, where something was named by it. */
  receiptId?: RequestId;
  /** A command that was taken: once the transaction stands its workflow is told, and who hears it in time makes it a 200. */
  tell?: Unheard;
  /** The operation that was accepted; the lane of `key` is rung for it once the transaction stands. */
  operation?: { id: OperationId; key: EnvironmentKey };
}

export interface MutationEndpoint<I = unknown> extends Common<I> {
  kind: 'mutation';
  method: 'POST' | 'PATCH' | 'PUT';
  governed?: Governed<I>;
  /** Who may not, whatever the token carries: judged after the scope, and recorded as a denial. @throws PlatformError */
  permit?(tx: Tx, caller: Caller, input: I): Promise<void>;
  /**
   * What `GET` shows of the one thing that is changed: `If-Match` has to name its tag. Null when there is none yet. It
   * locks what it reads, so that nobody changes it between this look and the change. Left out where `GET` shows no such
   * thing: then `If-Match` is refused.
   */
  current?(tx: Tx, caller: Caller, input: I, deps: ApiDeps): Promise<unknown>;
  /** Runs inside the acceptance transaction, together with its receipt. */
  run(tx: Tx, caller: Caller, input: I, deps: ApiDeps): Promise<Accepted>;
}

/** Answers line by line (`application/x-ndjson`) until the source ends or the caller leaves. */
export interface StreamEndpoint<I = unknown> extends Common<I> {
  kind: 'stream';
  method: 'GET';
  run(deps: ApiDeps, caller: Caller, input: I, signal: AbortSignal): Promise<AsyncIterable<unknown>>;
}

/** Answers with what there is and goes on with what comes (server-sent events, a gRPC stream) until the caller leaves. */
export interface WatchEndpoint<I = unknown, T = unknown> extends Common<I> {
  kind: 'watch';
  method: 'GET';
  /** Names a value to who comes back with `Last-Event-ID`, and says what it is. */
  event(value: T): { id: string; event: string; data: unknown };
  /**
   * Runs in the transaction in which the call was judged; the source reads for itself.
   *
   * @param lastEventId what the caller has seen last; null when it has seen nothing
   */
  run(tx: Tx, caller: Caller, input: I, deps: ApiDeps, lastEventId: string | null): Source<T> | Promise<Source<T>>;
}

/**
 * Takes lines (`application/x-ndjson`) and acknowledges each in its turn, while they come in. A line is judged and run by
 * itself; one that is refused says so in its acknowledgment, and the next is taken.
 */
export interface FeedEndpoint<L = unknown> extends Omit<Common<unknown>, 'target' | 'check'> {
  kind: 'feed';
  method: 'POST';
  target?: undefined;
  check?: undefined;
  /** The shape of one line. */
  line: z.ZodType;
  /** What is acknowledged besides the line's number. @throws PlatformError by which the line is refused */
  run(deps: ApiDeps, caller: Caller, line: L): Promise<object>;
}

export type Endpoint = ReadEndpoint | RecallEndpoint | MutationEndpoint | StreamEndpoint | WatchEndpoint | FeedEndpoint;

type Typed<E, S extends InputShape, O extends OutputShape, R> = Omit<
  E,
  'kind' | 'method' | 'input' | 'output' | 'run'
> & {
  input: S;
  output: O;
} & R;

/** A question: answered from Postgres, changes nothing. */
export function read<S extends InputShape, O extends OutputShape>(
  definition: Typed<
    ReadEndpoint<InputOf<S>>,
    S,
    O,
    { run(tx: Tx, caller: Caller, input: InputOf<S>, deps: ApiDeps): Promise<AnswerOf<O>> }
  >,
): ReadEndpoint {
  return { ...definition, kind: 'read', method: 'GET' } as ReadEndpoint<InputOf<S>> as ReadEndpoint;
}

/** A question that is answered from memory; `output` is the shape of what its body is made from. */
export function recall<S extends InputShape>(
  definition: Omit<RecallEndpoint<InputOf<S>>, 'kind' | 'method' | 'input' | 'target'> & { input: S },
): RecallEndpoint {
  const target: Target<InputOf<S>> = {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, input) => Promise.resolve(definition.environmentId(input)),
  };
  return { ...definition, target, kind: 'recall', method: 'GET' } as RecallEndpoint<InputOf<S>> as RecallEndpoint;
}

/** A change: accepted in one transaction, with a receipt. */
export function mutation<S extends InputShape, O extends OutputShape>(
  definition: Typed<
    MutationEndpoint<InputOf<S>>,
    S,
    O,
    {
      run(
        tx: Tx,
        caller: Caller,
        input: InputOf<S>,
        deps: ApiDeps,
      ): Promise<AnswerOf<O> & Omit<Accepted, keyof Answer>>;
      /** @default POST */
      method?: MutationEndpoint['method'];
    }
  >,
): MutationEndpoint {
  return { method: 'POST', ...definition, kind: 'mutation' } as MutationEndpoint<InputOf<S>> as MutationEndpoint;
}

/** A question whose answer comes line by line; `output` is the shape of one line. */
export function stream<S extends InputShape, O extends OutputShape>(
  definition: Typed<
    StreamEndpoint<InputOf<S>>,
    S,
    O,
    {
      run(
        deps: ApiDeps,
        caller: Caller,
        input: InputOf<S>,
        signal: AbortSignal,
      ): Promise<AsyncIterable<z.input<O[keyof O & number]>>>;
    }
  >,
): StreamEndpoint {
  return { ...definition, kind: 'stream', method: 'GET' } as StreamEndpoint<InputOf<S>> as StreamEndpoint;
}

/** A question whose answer goes on; `output` is the shape of the data of one event. */
export function watch<S extends InputShape, T>(
  definition: Omit<WatchEndpoint<InputOf<S>, T>, 'kind' | 'method' | 'input'> & { input: S },
): WatchEndpoint {
  return { ...definition, kind: 'watch', method: 'GET' } as WatchEndpoint<InputOf<S>, T> as unknown as WatchEndpoint;
}

/** Reports, line by line; `output` is the shape of one acknowledgment. */
export function feed<L extends z.ZodType>(
  definition: Omit<FeedEndpoint<z.output<L>>, 'kind' | 'method' | 'input' | 'line' | 'target' | 'check'> & { line: L },
): FeedEndpoint {
  return { ...definition, kind: 'feed', method: 'POST', input: {} } as FeedEndpoint<z.output<L>> as FeedEndpoint;
}
