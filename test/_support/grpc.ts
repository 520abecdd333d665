/** A gRPC client of the tests: any method by its descriptor, with all that an answer carries. */
import type {
  DescMethod,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  Metadata,
  status,
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
} from '@grpc/grpc-js';
import type { ServiceError, StatusObject } from '@grpc/grpc-js';
import { decode, encode } from '../../api/grpc/adapter.ts';
import { until } from './until.ts';

export type Headers = Record<string, string | string[]>;

export interface Answer<T> {
  response?: T;
  error?: ServiceError;
  initial: Metadata;
}

export interface Reading<T> extends Disposable {
  messages: T[];
  /** Undefined until the stream has ended. */
  ended: Promise<StatusObject>;
  initial: Metadata | undefined;
  atLeast(count: number): Promise<T[]>;
  /** Takes no message for now. */
  pause(): void;
  resume(): void;
}

export interface GrpcClient extends Disposable {
  raw: Client;
  unary<M extends DescMethodUnary>(
    method: M,
    request: MessageInitShape<M['input']> | Buffer,
    headers?: Headers,
    options?: CallOptions,
  ): Promise<Answer<MessageShape<M['output']>>>;
  read<M extends DescMethodServerStreaming>(
    method: M,
    request: MessageInitShape<M['input']> | Buffer,
    headers?: Headers,
    options?: CallOptions,
  ): Reading<MessageShape<M['output']>>;
  send<M extends DescMethodClientStreaming>(method: M, headers?: Headers, options?: CallOptions): Sending<M>;
}

/** Messages on their way; the answer comes when `end` has been called, or the call was refused. */
export interface Sending<M extends DescMethodClientStreaming> {
  write(message: MessageInitShape<M['input']> | Buffer): void;
  end(): void;
  cancel(): void;
  answer: Promise<Answer<MessageShape<M['output']>>>;
}

export function openGrpcClient(
  port: number,
  by: ChannelCredentials = credentials.createInsecure(),
  channel: ChannelOptions = {},
): GrpcClient {
  const raw = new Client(`localhost:${port}`, by, channel);
  return {
    raw,
    async unary(method, request, headers = {}, options = {}) {
      return await new Promise((resolve) => {
        let initial = new Metadata();
        const call = raw.makeUnaryRequest(
          pathOf(method),
          (bytes: Buffer) => bytes,
          (bytes: Buffer) => decode(method.output, bytes),
          Buffer.isBuffer(request) ? request : encode(method.input, request),
          metadataOf(headers),
          options,
          (error, response) => resolve({ ...(error ? { error } : { response }), initial } as never),
        );
        call.on('metadata', (received: Metadata) => (initial = received));
      });
    },
    read(method, request, headers = {}, options = {}) {
      const call = raw.makeServerStreamRequest(
        pathOf(method),
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => decode(method.output, bytes),
        Buffer.isBuffer(request) ? request : encode(method.input, request),
        metadataOf(headers),
        options,
      );
      const messages: never[] = [];
      const reading = {
        messages,
        initial: undefined as Metadata | undefined,
        ended: new Promise<StatusObject>((resolve) => call.on('status', resolve)),
        async atLeast(count: number) {
          await until(() => messages.length >= count, { what: `${count} messages; there are ${messages.length}` });
          return messages;
        },
        pause: () => void call.pause(),
        resume: () => void call.resume(),
        [Symbol.dispose]: () => call.cancel(),
      };
      call.on('data', (message) => messages.push(message as never));
      call.on('metadata', (received: Metadata) => (reading.initial = received));
      // What went wrong is in the status.
      call.on('error', () => undefined);
      return reading;
    },
    send<M extends DescMethodClientStreaming>(method: M, headers: Headers = {}, options: CallOptions = {}): Sending<M> {
      const answered = Promise.withResolvers<Answer<MessageShape<M['output']>>>();
      let initial = new Metadata();
      const call = raw.makeClientStreamRequest(
        pathOf(method),
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => decode<M['output']>(method.output, bytes),
        metadataOf(headers),
        options,
        (error, response) => answered.resolve({ ...(error ? { error } : { response }), initial }),
      );
      call.on('metadata', (received: Metadata) => (initial = received));
      return {
        write: (message) => void call.write(Buffer.isBuffer(message) ? message : encode(method.input, message)),
        end: () => void call.end(),
        cancel: () => call.cancel(),
        answer: answered.promise,
      };
    },
    [Symbol.dispose]: () => raw.close(),
  };
}

export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

export function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, values] of Object.entries(headers)) for (const value of [values].flat()) metadata.add(name, value);
  return metadata;
}

/** The platform's own code of a refusal. */
export function codeOf(error: Pick<StatusObject, 'metadata'> | undefined): string | undefined {
  return error?.metadata.get('slipway-error-code')[0]?.toString();
}

/** A refusal as `STATUS Code`, e.g. `NOT_FOUND EnvironmentNotFound`. */
export function wordsOf(error: Pick<StatusObject, 'code' | 'metadata'> | undefined): string {
  return error ? [status[error.code], codeOf(error)].filter(Boolean).join(' ') : 'OK';
}
