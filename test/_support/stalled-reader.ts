/** A reader of a gRPC stream that takes nothing: its flow-control window is zero, until it is opened. */
import type { DescMethodServerStreaming, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { decode, encode } from '../../api/grpc/adapter.ts';
import { beginCall, framed, openRawSession } from './raw-grpc.ts';
import { until } from './until.ts';

export interface StalledReader<T> extends Disposable {
  /** Resolves when the server has answered with its headers. */
  answered: Promise<void>;
  /** Takes all from now on. */
  open(): void;
  messages(): T[];
  atLeast(count: number): Promise<T[]>;
}

const WINDOW = 65_535;

export function openStalledReader<M extends DescMethodServerStreaming>(
  port: number,
  method: M,
  request: MessageInitShape<M['input']>,
  token: string,
): StalledReader<MessageShape<M['output']>> {
  const session = openRawSession(port, { settings: { initialWindowSize: 0 } });
  const stream = beginCall(session, method, { authorization: `Bearer ${token}` });
  let received = Buffer.alloc(0);
  stream.on('data', (bytes: Buffer) => (received = Buffer.concat([received, bytes])));
  const answered = new Promise<void>((resolve) => stream.once('response', () => resolve()));
  stream.end(framed(encode(method.input, request)));
  const reader: StalledReader<MessageShape<M['output']>> = {
    answered,
    open: () => session.settings({ initialWindowSize: WINDOW }),
    messages: () => messagesIn(received).map((bytes) => decode<M['output']>(method.output, bytes)),
    async atLeast(count) {
      await until(() => reader.messages().length >= count, { what: `${count} messages` });
      return reader.messages();
    },
    [Symbol.dispose]: () => session.destroy(),
  };
  return reader;
}

function messagesIn(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return messages;
}
