/** A gRPC method that is one of the endpoints in other words: the same judges, the same `run`. */
import { Metadata, type handleUnaryCall, type ServerUnaryCall } from '@grpc/grpc-js';
import { create, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import type { ApiDeps } from '../deps.ts';
import type { Endpoint } from '../endpoint.ts';
import { perform } from '../pipeline.ts';
import { refusalOf } from '../refusal.ts';
import { standardHeaders } from '../schema-version.ts';
import { traceIdOf } from '../trace.ts';
import { statusAnswer } from './status.ts';

export interface UnaryMapping<M extends DescMethodUnary> {
  endpoint: Endpoint;
  /** `tenantId` as the message states it; empty means not stated. */
  toInput(request: MessageShape<M['input']>): { params: unknown; query?: unknown; body?: unknown; tenantId: string };
  /** @param body the endpoint's answer. */
  toResponse(body: unknown): MessageInitShape<M['output']>;
}

export function unary<M extends DescMethodUnary>(
  deps: ApiDeps,
  method: M,
  mapping: UnaryMapping<M>,
): handleUnaryCall<MessageShape<M['input']>, MessageShape<M['output']>> {
  return (call, callback) => {
    const traceId = traceIdOf(textsOf(call.metadata, 'traceparent')[0]);
    const initial = new Metadata();
    for (const [name, value] of Object.entries(standardHeaders(traceId))) initial.set(name, value);
    call.sendMetadata(initial);
    answer(deps, mapping, call, traceId).then(
      (response) => callback(null, create(method.output, response) as MessageShape<M['output']>),
      (thrown: unknown) => {
        const error = refusalOf(thrown);
        if (error.kind === 'internal') deps.log.error({ traceId, err: error.cause }, 'a gRPC call failed');
        callback(statusAnswer(error, traceId));
      },
    );
  };
}

async function answer<M extends DescMethodUnary>(
  deps: ApiDeps,
  { endpoint, toInput, toResponse }: UnaryMapping<M>,
  call: ServerUnaryCall<MessageShape<M['input']>, MessageShape<M['output']>>,
  traceId: ReturnType<typeof traceIdOf>,
): Promise<MessageInitShape<M['output']>> {
  const left = new AbortController();
  call.on('cancelled', () => left.abort());
  const { params, query = {}, body, tenantId } = toInput(call.request);
  const outcome = await perform(deps, endpoint, {
    traceId,
    credentials: { authorization: textsOf(call.metadata, 'authorization'), tokenInQuery: false },
    params,
    query,
    readBody: () => Promise.resolve(body),
    statedTenantId: tenantId === '' ? undefined : tenantId,
    signal: left.signal,
  });
  if (outcome.kind !== 'answer') throw new Error(`${endpoint.route} streams and cannot answer a unary call`);
  return toResponse(outcome.answer.body);
}

function textsOf(metadata: Metadata, name: string): string[] {
  return metadata.get(name).map(String);
}
