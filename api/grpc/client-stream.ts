/** Messages in, each judged and run as a line of the endpoint's feed is, and one message out at their end. */
import type { handleClientStreamingCall, ServerReadableStream } from '@grpc/grpc-js';
import type { DescMethodClientStreaming, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { FeedEndpoint } from '../endpoint.ts';
import type { Line } from '../feed.ts';
import { perform } from '../pipeline.ts';
import { refusalOf } from '../refusal.ts';
import { decode, encode } from './adapter.ts';
import { begin } from './call.ts';
import type { GrpcMethod } from './method.ts';

export interface FeedMapping<M extends DescMethodClientStreaming, A> {
  endpoint: FeedEndpoint;
  /** A message in the form of the endpoint's line. */
  toLine(request: MessageShape<M['input']>): unknown;
  /** Reads the acknowledgments of all of them. */
  toResponse(acknowledgments: AsyncIterable<A>): Promise<MessageInitShape<M['output']>>;
}

export function clientStream<A, M extends DescMethodClientStreaming>(
  method: M,
  { endpoint, toLine, toResponse }: FeedMapping<M, A>,
): GrpcMethod {
  /** The next message is taken when the one before has been acknowledged: the sender waits meanwhile. */
  async function* linesOf(call: ServerReadableStream<Buffer, Buffer>): AsyncGenerator<Line> {
    let number = 0;
    for await (const bytes of call as AsyncIterable<Buffer>) {
      number += 1;
      try {
        yield { number, value: toLine(decode<M['input']>(method.input, bytes)) };
      } catch (error) {
        yield { number, error: refusalOf(error) };
      }
    }
  }
  return {
    method,
    endpoint,
    handler(deps) {
      const handle: handleClientStreamingCall<Buffer, Buffer> = (call, callback) => {
        const { asks, refusal, end } = begin(call);
        call.on('cancelled', () => call.destroy());
        const answer = async () => {
          const outcome = await perform(deps, endpoint, { ...asks({ tenantId: '' }), readLines: () => linesOf(call) });
          if (outcome.kind !== 'stream') throw new Error(`${endpoint.route} takes no lines`);
          return encode(method.output, await toResponse(outcome.lines as AsyncIterable<A>));
        };
        answer()
          .then(
            (bytes) => callback(null, bytes),
            (thrown: unknown) => callback(refusal(deps, thrown)),
          )
          .finally(() => end());
      };
      return handle;
    },
  };
}
