/** What every gRPC call is to the pipeline, and how it is answered when it is refused. */
import { Metadata, type ServerErrorResponse, type ServerUnaryCall } from '@grpc/grpc-js';
import type { ApiDeps } from '../deps.ts';
import type { Call } from '../pipeline.ts';
import { refusalOf } from '../refusal.ts';
import { SCHEMA_VERSION, TRACE_HEADER, VERSION_HEADER } from '../schema-version.ts';
import { traceIdOf } from '../trace.ts';
import { statusAnswer } from './status.ts';

/** What a message asks for, in the words of its endpoint. */
export interface Asked {
  params?: unknown;
  query?: unknown;
  /** As the message states it; empty means not stated. */
  tenantId: string;
}

export interface Begun {
  /** The call as the pipeline takes it. */
  asks(asked: Asked): Call;
  /** As grpc-js sends it; a fault of ours is logged. */
  refusal(deps: ApiDeps, thrown: unknown): Partial<ServerErrorResponse>;
  /** Aborts what the call waits for: it is over, or has to be, and `reason` is what the caller is told. */
  end(reason?: unknown): void;
}

const VERSION = new Metadata();
VERSION.set(VERSION_HEADER, SCHEMA_VERSION);

/** What the calls of every kind have. */
interface AnyCall extends Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'sendMetadata'> {
  on(event: 'cancelled', listener: () => void): unknown;
}

/** Sends version and trace, before anything can be refused. The work ends when the caller leaves or its deadline comes. */
export function begin(call: AnyCall): Begun {
  const { metadata } = call;
  const traceId = traceIdOf(textsOf(metadata, 'traceparent')[0]);
  const initial = VERSION.clone();
  initial.set(TRACE_HEADER, traceId);
  call.sendMetadata(initial);
  const over = new Over();
  call.on('cancelled', () => over.end());
  if (isOver(call)) over.end();
  return {
    asks: ({ params = {}, query = {}, tenantId }) => ({
      traceId,
      credentials: { authorization: textsOf(metadata, 'authorization'), tokenInQuery: false },
      params,
      query,
      readBody: () => Promise.resolve(undefined),
      statedTenantId: tenantId === '' ? undefined : tenantId,
      get signal() {
        return over.signal;
      },
    }),
    refusal(deps, thrown) {
      const error = refusalOf(thrown);
      // Whoever has left is not answered, and what that cut off is no fault.
      if (error.kind === 'internal' && !over.isOver) {
        deps.log.error({ traceId, err: error.cause }, 'a gRPC call failed');
      }
      return statusAnswer(error, traceId);
    },
    end: (reason) => over.end(reason),
  };
}

/** Whether a call is over. Its signal is made when somebody asks for it: most calls are answered before anybody waits. */
class Over {
  isOver = false;
  #reason: unknown;
  #controller: AbortController | null = null;

  end(reason?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    this.#controller = new AbortController();
    if (this.isOver) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }
}

/**
 * Of a call that was answered before it was whole (its deadline came, or what came next was too large) grpc-js still tells
 * the rest of it, and not that it is over.
 */
function isOver(call: AnyCall): boolean {
  return (call as unknown as { call: { cancelled: boolean } }).call.cancelled;
}

/** Of a name without `-bin`: those values are texts. */
function textsOf(metadata: Metadata, name: string): string[] {
  return metadata.get(name) as string[];
}
