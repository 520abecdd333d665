// The Temporal dev server: state in a file, UI on. Its throttling defaults are raised (they are meant for a laptop's
// battery, and any gain from that is not ours).
import { mkdirSync } from 'node:fs';
import { Client, Metadata, credentials } from '@grpc/grpc-js';
import { join } from 'node:path';
import { startProcess, type ManagedProcess } from './process.ts';

export interface TemporalOptions {
  home: string;
  /** The CLI's path (`findTemporal`). */
  binary: string;
  port: number;
  uiPort: number;
  namespace: string;
  /** Where the UI has payloads decoded. */
  codecUrl?: string;
  env: Record<string, string>;
  signal?: AbortSignal;
}

const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxTimeShift="20ms"',
];
const READY_CALL_MS = 2_000;

/** Starts the dev server and resolves when its gRPC front end answers for the namespace. @throws StartError */
export async function startTemporal(options: TemporalOptions): Promise<ManagedProcess> {
  const { home, binary, port, uiPort, namespace, codecUrl, env, signal } = options;
  const folder = join(home, 'temporal');
  mkdirSync(folder, { recursive: true });
  return await startProcess({
    name: 'temporal',
    home,
    command: binary,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', join(folder, 'temporal.db'), '--namespace', namespace, '--log-level', 'warn'],
      ...(codecUrl ? ['--ui-codec-endpoint', codecUrl] : []),
      ...DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
    ],
    env,
    ready: async () => await namespaceAnswers(`127.0.0.1:${port}`, namespace),
    signal,
  });
}

/** Whether a Temporal front end at `address` knows the namespace. One plain call, so that no SDK is loaded for it. */
export async function namespaceAnswers(address: string, namespace: string): Promise<boolean> {
  const client = new Client(address, credentials.createInsecure());
  const name = Buffer.from(namespace);
  // DescribeNamespaceRequest with field 1, `namespace`.
  const request = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const same = (bytes: Buffer) => bytes;
  try {
    return await new Promise<boolean>((settle) => {
      client.makeUnaryRequest(
        '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace',
        same,
        same,
        request,
        new Metadata(),
        { deadline: Date.now() + READY_CALL_MS },
        (error) => settle(error === null),
      );
    });
  } finally {
    client.close();
  }
}
