/** Generated protobuf-es service descriptors as definitions that grpc-js can serve. */
import { create, fromBinary, toBinary, type DescMessage, type DescService } from '@bufbuild/protobuf';
import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { PlatformError } from '../../domain/errors.ts';

/**
 * Method names are the descriptor's local ones (`getServices`), paths the wire's
 * (`/slipway.runtime.v1.RuntimeInventory/GetServices`). Messages stay bytes: what is malformed is refused as any other bad
 * input is, and what many readers get is encoded once.
 */
export function definitionOf(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map(({ name, localName, methodKind }) => [
      localName,
      {
        path: `/${service.typeName}/${name}`,
        requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
        responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
        originalName: localName,
      },
    ]),
  );
}

const asIs = (bytes: Buffer) => bytes;

export function encode<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Buffer {
  const { buffer, byteOffset, byteLength } = toBinary(schema, create(schema, message));
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** @throws PlatformError `ValidationFailed` */
export function decode<D extends DescMessage>(schema: D, bytes: Buffer): MessageShape<D> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new PlatformError('ValidationFailed', `The message is not a ${schema.typeName}.`, { cause });
  }
}
