/** A message in, and states out, for as long as there are any. */
import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import type { DescMessage, DescMethodServerStreaming, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { ApiDeps } from '../deps.ts';
import type { WatchEndpoint } from '../endpoint.ts';
import type { Sink } from '../live/source.ts';
import { perform } from '../pipeline.ts';
import { decode, encode } from './adapter.ts';
import { begin, type Asked, type Begun } from './call.ts';
import type { GrpcMethod } from './method.ts';

export interface StreamMapping<M extends DescMethodServerStreaming, T> {
  endpoint: WatchEndpoint;
  toInput(request: MessageShape<M['input']>): Asked;
  toResponse(value: T): MessageInitShape<M['output']>;
}

type Writable = ServerWritableStream<Buffer, Buffer>;

export function serverStream<T, M extends DescMethodServerStreaming>(
  method: M,
  { endpoint, toInput, toResponse }: StreamMapping<M, T>,
): GrpcMethod {
  const encodeValue = (value: T) => encode(method.output, toResponse(value));
  const stream = async (deps: ApiDeps, call: Writable, { asks }: Begun) => {
    const outcome = await perform(deps, endpoint, asks(toInput(decode<M['input']>(method.input, call.request))));
    if (outcome.kind !== 'watch') throw new Error(`${endpoint.route} is not watched`);
    const sink: Sink<T> = {
      write: (frame, skipped, taken) => call.write(marked(method.output, frame.as(encodeValue), skipped), taken),
    };
    await outcome.send(sink as Sink<unknown>);
  };
  return {
    method,
    endpoint,
    handler(deps, stopping) {
      const handle: handleServerStreamingCall<Buffer, Buffer> = (call) => {
        const begun = begin(call);
        const stop = () => begun.end(stopping.reason);
        stopping.addEventListener('abort', stop, { once: true });
        stream(deps, call, begun)
          .then(
            () => call.end(),
            (thrown: unknown) => call.emit('error', begun.refusal(deps, thrown)),
          )
          .finally(() => {
            stopping.removeEventListener('abort', stop);
            begun.end();
          });
      };
      return handle;
    },
  };
}

/** What the reader missed is said in the field `skipped`, which comes last: encoded messages are merged by appending. */
function marked(schema: DescMessage, bytes: Buffer, skipped: number): Buffer {
  return skipped === 0 ? bytes : Buffer.concat([bytes, encode(schema, { skipped } as MessageInitShape<DescMessage>)]);
}
