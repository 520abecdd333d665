/** What stands beside the methods: the standard health service, and reflection. */
import { join } from 'node:path';
import { credentials, loadPackageDefinition, status, type Client, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiStand, ROOT, type ApiStand } from '../_support/api.ts';

type Method = (message: object, done: (error: ServiceError | null, answer: { status: string }) => void) => void;
interface HealthClient extends Client {
  check: Method;
}
interface ReflectionClient extends Client {
  serverReflectionInfo(): NodeJS.ReadWriteStream;
}
type Constructor<C> = new (address: string, by: ReturnType<typeof credentials.createInsecure>) => C;

let stand: ApiStand;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const at = <C>(constructor: Constructor<C>, port: number) =>
  new constructor(`localhost:${port}`, credentials.createInsecure());

function healthAt(port: number): HealthClient {
  const { grpc } = loadPackageDefinition(loadSync(protoPath, { enums: String })) as never as {
    grpc: { health: { v1: { Health: Constructor<HealthClient> } } };
  };
  return at(grpc.health.v1.Health, port);
}

async function check(client: HealthClient, service: string): Promise<string> {
  return await new Promise((resolve) =>
    client.check({ service }, (error, answer) => resolve(error ? (status[error.code] ?? '') : answer.status)),
  );
}

describe('the health service', () => {
  it('says of each service of its port that it serves, without a token', async () => {
    const client = healthAt(stand.api.grpc.port);
    for (const service of ['', 'slipway.runtime.v1.RuntimeInventory', 'slipway.runtime.v1.RuntimeHealth']) {
      expect(await check(client, service)).toBe('SERVING');
    }
    expect(await check(client, 'slipway.runtime.v1.RuntimeHealthService')).toBe('NOT_FOUND');
    client.close();
    const internal = healthAt(stand.api.internalGrpc.port);
    expect(await check(internal, 'slipway.runtime.v1.RuntimeHealthService')).toBe('SERVING');
    internal.close();
  });
});

/** What reflection answers to one question. */
async function reflect(port: number, version: 'v1' | 'v1alpha', question: object): Promise<Record<string, unknown>> {
  const folder = join(ROOT, 'node_modules/@grpc/reflection/build/proto/grpc/reflection', version, 'reflection.proto');
  const { grpc } = loadPackageDefinition(loadSync(folder)) as never as {
    grpc: { reflection: Record<string, { ServerReflection: Constructor<ReflectionClient> }> };
  };
  const client = at(grpc.reflection[version]?.ServerReflection as Constructor<ReflectionClient>, port);
  const stream = client.serverReflectionInfo();
  const answer = await new Promise((resolve, reject) => {
    stream.once('data', resolve).once('error', reject);
    stream.write(question as never);
  });
  stream.end();
  client.close();
  return answer as Record<string, unknown>;
}

describe('reflection', () => {
  it.each(['v1', 'v1alpha'] as const)(
    'tells the services of its port, and nothing else, without a token (%s)',
    async (version) => {
      const services = async (port: number) => {
        const { listServicesResponse } = await reflect(port, version, { listServices: '' });
        return (listServicesResponse as { service: { name: string }[] }).service.map(({ name }) => name).sort();
      };
      expect(await services(stand.api.grpc.port)).toEqual([
        'slipway.runtime.v1.RuntimeDeployments',
        'slipway.runtime.v1.RuntimeDrift',
        'slipway.runtime.v1.RuntimeHealth',
        'slipway.runtime.v1.RuntimeInventory',
      ]);
      expect(await services(stand.api.internalGrpc.port)).toEqual(['slipway.runtime.v1.RuntimeHealthService']);
    },
  );

  it('has the descriptor of every method', async () => {
    const symbol = { fileContainingSymbol: 'slipway.runtime.v1.RuntimeHealth.StreamHealth' };
    const { fileDescriptorResponse } = await reflect(stand.api.grpc.port, 'v1', symbol);
    expect((fileDescriptorResponse as { fileDescriptorProto: Buffer[] }).fileDescriptorProto.length).toBeGreaterThan(0);
  });
});
