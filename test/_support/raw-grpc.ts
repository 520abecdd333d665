/** gRPC by hand over HTTP/2, for what no library would do to a server. */
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type SecureClientSessionOptions } from 'node:http2';
import type { DescMethodServerStreaming } from '@bufbuild/protobuf';
import { pathOf } from './grpc.ts';

export type RawSession = ClientHttp2Session & Disposable;

/** A connection of its own; disposing of it cuts it off. */
export function openRawSession(port: number, options: SecureClientSessionOptions = {}): RawSession {
  const session = connect(`http://127.0.0.1:${port}`, options);
  // However it ends, whoever has opened it looks at that itself.
  session.on('error', () => undefined);
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

/** The call's headers; its message is still to be written. */
export function beginCall(
  session: ClientHttp2Session,
  method: DescMethodServerStreaming,
  headers: Record<string, string>,
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': pathOf(method),
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  stream.on('error', () => undefined);
  return stream;
}

/** Not compressed, its length, itself. */
export function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
