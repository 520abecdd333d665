import { toBinary, type DescFile, type DescService } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ReflectionService } from '@grpc/reflection';

/** Tells of these services alone, and nothing of a tenant. */
export function reflectionOf(services: DescService[]): ReflectionService {
  const files = new Map<string, Buffer>();
  const add = (file: DescFile): void => {
    if (files.has(file.name)) return;
    files.set(file.name, Buffer.from(toBinary(FileDescriptorProtoSchema, file.proto)));
    file.dependencies.forEach(add);
  };
  for (const { file } of services) add(file);
  // Of a package that a loader has read it looks at the descriptors alone; these are the compiler's own.
  const format = 'Protocol Buffer 3 EnumDescriptorProto';
  const read = { format, type: {}, fileDescriptorProtos: [...files.values()] } as const;
  const definition = { files: read } as unknown as ConstructorParameters<typeof ReflectionService>[0];
  return new ReflectionService(definition, { services: services.map(({ typeName }) => typeName) });
}
