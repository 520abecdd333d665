/**
 * `npm run bench:grpc`: what a gRPC read and a health change cost, beside a bare grpc-js server that sends the same bytes.
 * Both stand in one process, and are asked in turn by another one, round by round; the figure is the server's CPU per call
 * or message. Prints the best of five rounds, and the load average.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';

const ROUNDS = 5;
const CALLS = 2_000;
const AT_ONCE = 16;
const SUBSCRIBERS = 1_000;
const CHANGES = 40;

export interface Ready {
  token: string;
  ports: { ours: number; bare: number };
  /** By the number of services: the request, as base64. */
  requests: Record<number, string>;
  streamRequest: string;
}

const server = fork(join(import.meta.dirname, 'grpc-server.ts'), {
  execArgv: ['--expose-gc'],
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const [ready] = (await once(server, 'message')) as [Ready];
const metadata = new Metadata();
metadata.set('authorization', `Bearer ${ready.token}`);
const open = (port: number) => new Client(`127.0.0.1:${port}`, credentials.createInsecure());
const [ours, bare] = [open(ready.ports.ours), open(ready.ports.bare)];
const asIs = (bytes: Buffer) => bytes;

try {
  console.log('GetServices, µs of CPU per call   ours   bare   ratio (best of five)');
  for (const [services, request] of Object.entries(ready.requests)) {
    const bytes = Buffer.from(request, 'base64');
    const rounds = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const mine = await cpuOf(() => calls(ours, '/slipway.runtime.v1.RuntimeInventory/GetServices', bytes));
      const echo = await cpuOf(() => calls(bare, `/bare/${services}`, bytes));
      // The first round warms both.
      if (round > 0) rounds.push({ mine: mine / CALLS, echo: echo / CALLS });
    }
    report(`${services} services`, rounds);
  }
  await streams();
} finally {
  ours.close();
  bare.close();
  server.disconnect();
  await once(server, 'exit');
}
console.log(
  `load average ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
);

function report(what: string, rounds: { mine: number; echo: number }[]): void {
  const [best] = [...rounds].sort((a, b) => a.mine / a.echo - b.mine / b.echo);
  const all = rounds.map(({ mine, echo }) => (mine / echo).toFixed(2)).join(' ');
  const { mine = 0, echo = 0 } = best ?? {};
  console.log(
    `${what.padEnd(32)} ${mine.toFixed(1).padStart(6)} ${echo.toFixed(1).padStart(6)}   ${(mine / echo).toFixed(2)}  (${all})`,
  );
}

async function tell<T>(message: object): Promise<T> {
  server.send(message);
  const [answer] = (await once(server, 'message')) as [T];
  return answer;
}

/** Of the server while the work lasts, µs. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = await tell<number>({ ask: 'cpu' });
  await work();
  return (await tell<number>({ ask: 'cpu' })) - before;
}

async function calls(client: Client, path: string, request: Buffer): Promise<void> {
  let left = CALLS;
  const worker = async () => {
    while (left-- > 0) {
      await new Promise<void>((resolve, reject) =>
        client.makeUnaryRequest(path, asIs, asIs, request, metadata, (error) => (error ? reject(error) : resolve())),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Subscribers of one service: what a change costs, and how long it takes to each. */
async function streams(): Promise<void> {
  const request = Buffer.from(ready.streamRequest, 'base64');
  const subscribe = (client: Client, path: string) => {
    const state = { received: 0, onAll: () => {}, times: [] as number[] };
    const streamsOf = Array.from({ length: SUBSCRIBERS }, () => {
      const stream = client.makeServerStreamRequest(path, asIs, asIs, request, metadata);
      stream.on('data', () => {
        state.times.push(performance.timeOrigin + performance.now());
        if (++state.received % SUBSCRIBERS === 0) state.onAll();
      });
      stream.on('error', () => undefined);
      return stream;
    });
    return { state, streamsOf };
  };
  const change = async (state: ReturnType<typeof subscribe>['state'], ask: string) => {
    const all = new Promise<void>((resolve) => (state.onAll = resolve));
    state.times = [];
    const [at] = await Promise.all([tell<number>({ ask }), all]);
    return state.times.map((time) => time - at);
  };
  const atRest = await tell<number>({ ask: 'rss' });
  const mine = subscribe(ours, '/slipway.runtime.v1.RuntimeHealth/StreamHealth');
  await new Promise<void>((resolve) => (mine.state.onAll = resolve));
  const opened = await tell<number>({ ask: 'rss' });
  console.log(
    `memory of ${SUBSCRIBERS} streams: ${((opened - atRest) / 1024 / SUBSCRIBERS).toFixed(1)} kB of RSS each`,
  );
  const plain = subscribe(bare, '/bare/stream');
  await new Promise<void>((resolve) => (plain.state.onAll = resolve));
  const rounds = [];
  const p99 = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const delays: number[] = [];
    const cpu = await cpuOf(async () => {
      for (let at = 0; at < CHANGES; at++) delays.push(...(await change(mine.state, 'change')));
    });
    const echo = await cpuOf(async () => {
      for (let at = 0; at < CHANGES; at++) await change(plain.state, 'broadcast');
    });
    if (round === 0) continue;
    rounds.push({ mine: cpu / CHANGES / SUBSCRIBERS, echo: echo / CHANGES / SUBSCRIBERS });
    p99.push(delays.sort((a, b) => a - b)[Math.floor(delays.length * 0.99)] ?? 0);
  }
  report(`health to ${SUBSCRIBERS}, µs per message`, rounds);
  console.log(
    `delivery to ${SUBSCRIBERS}, p99 from before the commit: ${Math.min(...p99).toFixed(1)} ms (${p99.map((ms) => ms.toFixed(0)).join(' ')})`,
  );
  for (const stream of [...mine.streamsOf, ...plain.streamsOf]) stream.cancel();
}
