/** Every text of every gRPC message, replaced by one that is not what it looks like: the caller is told, and nothing fails. */
import { ScalarType, type DescField, type DescMessage, type DescMethod } from '@bufbuild/protobuf';
import type { DescMethodServerStreaming, DescMethodUnary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { status, type Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { internalMethods, publicMethods } from '../../api/grpc/methods.ts';
import { statusOfKind } from '../../api/grpc/status.ts';
import { SCHEMA_VERSION } from '../../api/schema-version.ts';
import { ERROR_KINDS, type ErrorCode } from '../../domain/errors.ts';
import type { RuntimeHealthService } from '../../proto/gen/slipway/runtime/v1/runtime_health_service_pb.js';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { atMost } from '../_support/at-most.ts';
import { openGrpcClient, wordsOf, type GrpcClient, type Headers } from '../_support/grpc.ts';
import { ODD_TEXTS } from '../_support/odd-texts.ts';
import { openWorld, type World } from '../_support/sample-world.ts';

let stand: ApiStand;
let world: World;
let client: GrpcClient;
let internalClient: GrpcClient;
let bearer: Headers;
let internalBearer: Headers;
beforeAll(async () => {
  stand = await openApiStand();
  world = await openWorld(stand);
  client = openGrpcClient(stand.api.grpc.port);
  internalClient = openGrpcClient(stand.api.internalGrpc.port);
  const audience = stand.config.oidc.internalAudience;
  bearer = { authorization: `Bearer ${await stand.token()}` };
  internalBearer = { authorization: `Bearer ${await stand.token({ audience, scopes: [] })}` };
});
afterAll(async () => {
  client?.[Symbol.dispose]();
  internalClient?.[Symbol.dispose]();
  await stand?.[Symbol.asyncDispose]();
});

const TEXTS = Object.entries({
  ...Object.fromEntries(Object.entries(ODD_TEXTS).map(([what, text]) => [what, Buffer.from(text)])),
  'a NUL': Buffer.from('\u0000'),
  'what is no UTF-8': Buffer.from([0xff, 0xfe]),
  'half a pair': Buffer.from([0xed, 0xa0, 0xbd]),
  'ten thousand letters': Buffer.from('a'.repeat(10_000)),
});

const all = [
  ...publicMethods.map(({ method }) => ({ method, internal: false })),
  ...internalMethods.map(({ method }) => ({ method, internal: true })),
];

/** The way to every text of a message, and of the messages within it. */
function textsOf(message: DescMessage): DescField[][] {
  return message.fields.flatMap((field) => {
    if (field.scalar === ScalarType.STRING) return [[field]];
    const inner = field.message;
    return inner && !inner.typeName.startsWith('google.') ? textsOf(inner).map((way) => [field, ...way]) : [];
  });
}

/** The message with these bytes for one of its texts; elsewhere it names what is there. */
function messageWith(message: DescMessage, [field, ...way]: DescField[], bytes: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  for (const one of message.fields) {
    const known = world.ids[one.localName as keyof typeof world.ids];
    const value =
      one !== field
        ? one.scalar === ScalarType.STRING && known !== undefined && Buffer.from(known)
        : one.message
          ? messageWith(one.message, way, bytes)
          : bytes;
    if (value) writer.tag(one.number, WireType.LengthDelimited).bytes(value);
  }
  return writer.finish();
}

const cases = all.flatMap(({ method, internal }) =>
  textsOf(method.input).map(
    (way) => [`${method.name} ${way.map(({ name }) => name).join('.')}`, method, internal, way] as const,
  ),
);

/** How it is answered, as `STATUS Code`, or `OK` as soon as it is answered at all; and what came ahead of that. */
async function ask(
  method: DescMethod,
  internal: boolean,
  message: Buffer,
): Promise<{ words: string; initial: Metadata | undefined }> {
  const [by, headers] = internal ? [internalClient, internalBearer] : [client, bearer];
  if (method.methodKind === 'unary') {
    const { error, initial } = await by.unary(method as DescMethodUnary, message, headers);
    return { words: wordsOf(error), initial };
  }
  if (method.methodKind === 'client_streaming') {
    const sending = by.send(method as typeof RuntimeHealthService.method.reportHealth, headers);
    sending.write(message);
    sending.end();
    const { response, error, initial } = await sending.answer;
    // Each message is answered by itself; what it is refused by is a word of the answer.
    const [refusal] = response?.refusals ?? [];
    const words = refusal && `${status[statusOfKind(ERROR_KINDS[refusal.code as ErrorCode])]} ${refusal.code}`;
    return { words: words ?? wordsOf(error), initial };
  }
  using reading = by.read(method as DescMethodServerStreaming, message, headers);
  const words = await Promise.race([reading.atLeast(1).then(() => 'OK'), reading.ended.then(wordsOf)]);
  return { words, initial: reading.initial };
}

const REFUSED = /^(?:INVALID_ARGUMENT|NOT_FOUND|PERMISSION_DENIED) /;

describe('a text of a gRPC message', () => {
  it('is in every method', () => {
    expect(new Set(cases.map(([, { name }]) => name)).size).toBe(all.length);
  });

  it.each(cases)(
    'is refused as a mistake of the caller when it is odd, by an answer with its version: %s',
    async (_name, method, internal, way) => {
      const wrong = await atMost(8, TEXTS, async ([what, bytes]) => {
        const { words, initial } = await ask(method, internal, Buffer.from(messageWith(method.input, way, bytes)));
        const version = initial?.get('cs-schema-version').join();
        return REFUSED.test(words) && version === SCHEMA_VERSION ? [] : [`${what}: ${words}, version ${version}`];
      });
      expect(wrong.flat()).toEqual([]);
    },
  );
});
