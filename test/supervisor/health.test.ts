/** The driver's gRPC and TCP health checks, against a real gRPC server. */
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lookAtHealth } from '../../providers/compute/process-health.ts';

const SERVING: Record<string, number> = { '': 1, up: 1, down: 2 };

describe('a gRPC health check', () => {
  const server = new Server();
  let address: string;

  beforeAll(async () => {
    const check = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
      const name = call.request.subarray(2).toString('utf8');
      const status = SERVING[name];
      if (name === 'odd') done({ code: 14, details: 'away \u0000 for password=hunter2' });
      else if (status === undefined) done({ code: 5, details: `no service ${name}` });
      else done(null, Buffer.from([0x08, status]));
    };
    const bytes = (value: Buffer) => value;
    const method = { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false };
    const codec = {
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    server.addService({ check: { ...method, ...codec } }, { check });
    const port = await new Promise<number>((resolve, reject) => {
      const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), bound);
    });
    address = `127.0.0.1:${port}`;
  });
  afterAll(() => server.forceShutdown());

  test.each([
    ['', 'healthy', 'grpc.health.v1.Health/Check answered SERVING'],
    ['up', 'healthy', 'grpc.health.v1.Health/Check of up answered SERVING'],
    ['down', 'unhealthy', 'grpc.health.v1.Health/Check of down answered NOT_SERVING'],
    ['nobody', 'unhealthy', 'grpc.health.v1.Health/Check of nobody answered NOT_FOUND: no service nobody'],
  ])('of "%s" is %s', async (service, status, evidence) => {
    expect(await lookAtHealth(address, { kind: 'grpc', service }, fetch)).toEqual({ status, evidence });
  });

  test('that has nothing to say of its health says it in its own words, without what is not to be told', async () => {
    const look = await lookAtHealth(address, { kind: 'grpc', service: 'odd' }, fetch);
    expect(look.status).toBe('noData');
    expect(look.evidence).toMatch(/: 14 UNAVAILABLE: away {2}for password=\[redacted\]$/);
  });

  test('over TCP is healthy when the connection is accepted', async () => {
    expect((await lookAtHealth(address, { kind: 'tcp' }, fetch)).status).toBe('healthy');
  });
});
