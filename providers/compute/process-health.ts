/** One look at a replica over the wire it offers: HTTP, TCP, or the standard gRPC health service. */
import { connect } from 'node:net';
import { credentials, makeGenericClientConstructor, status, type ServiceError } from '@grpc/grpc-js';
import type { Sample } from '../../domain/gate.ts';
import { checksOfAnswer } from '../../domain/health-answer.ts';
import { tellable } from '../../domain/tellable.ts';
import type { HealthCheck } from '../../domain/snapshot.ts';
import type { Redact } from '../secrets/port.ts';

const TIMEOUT_MS = 2_000;
const EVIDENCE_CHARACTERS = 200;
/** What is read of an answer; the rest is not waited for. */
const ANSWER_BYTES = 64 * 1024;

export type HealthLook = Pick<Sample, 'status' | 'evidence' | 'checks'>;

/** Never throws: a replica that cannot be asked gives `noData`, one that answers badly is `unhealthy`. */
export async function lookAtHealth(
  address: string,
  check: HealthCheck,
  get: typeof fetch,
  redact: Redact = (text) => text,
): Promise<HealthLook> {
  switch (check.kind) {
    case 'http':
      return await overHttp(address, check.path, get, redact);
    case 'tcp':
      return await overTcp(address);
    case 'grpc':
      return await overGrpc(address, check.service, redact);
  }
}

async function overHttp(address: string, path: string, get: typeof fetch, redact: Redact): Promise<HealthLook> {
  const what = `GET ${path}`;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    // A new connection each time: a kept one says nothing about whether the replica takes connections.
    const headers = { connection: 'close' };
    // Never followed: a replica may not send the prober anywhere else.
    const response = await get(`http://${address}${path}`, { signal, headers, redirect: 'manual' });
    const text = redact(await beginningOf(response));
    const body = tellable(text.trim(), EVIDENCE_CHARACTERS);
    const healthy = response.status >= 200 && response.status < 400;
    const evidence = `${what} answered ${response.status}${body === '' ? '' : `: ${body}`}`;
    const checks = checksOfAnswer(text);
    return { status: healthy ? 'healthy' : 'unhealthy', evidence, ...(checks && { checks }) };
  } catch (error) {
    return noData(what, address, error);
  }
}

async function beginningOf({ body }: Response): Promise<string> {
  if (!body) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels what is still to come.
  for await (const chunk of body as ReadableStream<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8');
}

async function overTcp(address: string): Promise<HealthLook> {
  const what = 'TCP connect';
  const { hostname: host, port } = new URL(`tcp://${address}`);
  const socket = connect({ host, port: Number(port) });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
      socket.setTimeout(TIMEOUT_MS, () => reject(new DOMException('', 'TimeoutError')));
    });
    return { status: 'healthy', evidence: `${what} to ${address} was accepted` };
  } catch (error) {
    return noData(what, address, error);
  } finally {
    socket.destroy();
  }
}

const HealthClient = makeGenericClientConstructor(
  {
    check: {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      // HealthCheckRequest { string service = 1 }
      requestSerialize: (service: string) => {
        const name = Buffer.from(service);
        return name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
      },
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
      // HealthCheckResponse { ServingStatus status = 1 }; an absent field is its zero.
      responseDeserialize: (bytes: Buffer) => (bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0),
    },
  },
  'Health',
);

const SERVING_STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const UNREACHABLE: number[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];

async function overGrpc(address: string, service: string, redact: Redact): Promise<HealthLook> {
  const what = `grpc.health.v1.Health/Check${service === '' ? '' : ` of ${service}`}`;
  const client = new HealthClient(address, credentials.createInsecure());
  try {
    return await new Promise((resolve) => {
      const done = (error: ServiceError | null, serving?: number) => {
        // A code that may be the workload's own, with words of its own.
        if (error && UNREACHABLE.includes(error.code)) resolve(noData(what, address, error, redact));
        else if (error) {
          const details = tellable(redact(error.details), EVIDENCE_CHARACTERS);
          resolve({ status: 'unhealthy', evidence: `${what} answered ${status[error.code]}: ${details}` });
        } else {
          const answer = SERVING_STATUS[serving ?? 0] ?? String(serving);
          resolve({ status: answer === 'SERVING' ? 'healthy' : 'unhealthy', evidence: `${what} answered ${answer}` });
        }
      };
      client.check?.(service, { deadline: Date.now() + TIMEOUT_MS }, done);
    });
  } finally {
    client.close();
  }
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function noData(what: string, address: string, error: unknown, redact: Redact = (text) => text): HealthLook {
  const reason = tellable(redact(reasonOf(error)), EVIDENCE_CHARACTERS);
  return { status: 'noData', evidence: `${what} at ${address}: ${reason}` };
}

function reasonOf(error: unknown): string {
  const { name, code, cause, message } = error as { name?: string; code?: unknown; cause?: unknown; message?: string };
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS} ms`;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (cause !== undefined) return reasonOf(cause);
  return message || String(code ?? error);
}
