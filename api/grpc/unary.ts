/** A message in, a message out. */
import type { handleUnaryCall } from '@grpc/grpc-js';
import type { DescMethodUnary, MessageShape } from '@bufbuild/protobuf';
import type { ReadEndpoint, RecallEndpoint } from '../endpoint.ts';
import { perform } from '../pipeline.ts';
import { decode } from './adapter.ts';
import { begin, type Asked } from './call.ts';
import type { GrpcMethod } from './method.ts';

export interface UnaryMapping<M extends DescMethodUnary, B> {
  endpoint: ReadEndpoint | RecallEndpoint;
  toInput(request: MessageShape<M['input']>): Asked;
  /** @param body the endpoint's answer. */
  encode(body: B): Buffer;
}

export function unary<B, M extends DescMethodUnary>(method: M, mapping: UnaryMapping<M, B>): GrpcMethod {
  const { endpoint, toInput, encode } = mapping;
  return {
    method,
    endpoint,
    handler(deps) {
      const handle: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
        const { asks, refusal } = begin(call);
        const answer = async () => {
          const outcome = await perform(deps, endpoint, asks(toInput(decode<M['input']>(method.input, call.request))));
          if (outcome.kind !== 'answer') throw new Error(`${endpoint.route} does not answer a unary call`);
          return encode(outcome.answer.body as B);
        };
        answer().then(
          (bytes) => callback(null, bytes),
          (thrown: unknown) => callback(refusal(deps, thrown)),
        );
      };
      return handle;
    },
  };
}
