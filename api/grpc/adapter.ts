/** Generated protobuf-es service descriptors as definitions that grpc-js can serve. */
import { fromBinary, toBinary, type DescService, type Message } from '@bufbuild/protobuf';
import type { ServiceDefinition } from '@grpc/grpc-js';

/** Method names are the descriptor's local ones (`getServices`), paths the wire's (`/slipway.runtime.v1.RuntimeInventory/GetServices`). */
export function definitionOf(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => {
      const { input, output, methodKind } = method;
      return [
        method.localName,
        {
          path: `/${service.typeName}/${method.name}`,
          requestStream: methodKind === 'client_streaming' || methodKind === 'bidi_streaming',
          responseStream: methodKind === 'server_streaming' || methodKind === 'bidi_streaming',
          requestSerialize: (message: Message) => Buffer.from(toBinary(input, message)),
          requestDeserialize: (bytes: Buffer) => fromBinary(input, bytes),
          responseSerialize: (message: Message) => Buffer.from(toBinary(output, message)),
          responseDeserialize: (bytes: Buffer) => fromBinary(output, bytes),
          originalName: method.localName,
        },
      ];
    }),
  );
}
