/**
 * `npm run bench:grpc`: what a gRPC read and a health change cost, beside a bare grpc-js server that sends the same bytes.
 * Both stand in one process, and are asked in turn by another one, round by round; the figure is the server's CPU per call
 * or message. Prints the best of five rounds, and the load average.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { loadAverage, p99, ROUNDS } from './figures.ts';

/** Of a round: what is small takes more of them to be more than the noise. */
const callsOf = (services: number) => (services > 100 ? 2_000 : 8_000);
const AT_ONCE = 16;
const SUBSCRIBERS = 1_000;
const CHANGES = 40;
const STREAM_HEALTH = '/slipway.runtime.v1.RuntimeHealth/StreamHealth';

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
  await memory();
  console.log('GetServices, µs of CPU per call   ours   bare   ratio (best of five)');
  for (const [services, request] of Object.entries(ready.requests)) {
    const bytes = Buffer.from(request, 'base64');
    const count = callsOf(Number(services));
    const rounds = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const mine = await cpuOf(() => calls(ours, '/slipway.runtime.v1.RuntimeInventory/GetServices', bytes, count));
      const echo = await cpuOf(() => calls(bare, `/bare/${services}`, bytes, count));
      // The first round warms both.
      if (round > 0) rounds.push({ mine: mine / count, echo: echo / count });
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
console.log(loadAverage());

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

async function calls(client: Client, path: string, request: Buffer, count: number): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      await new Promise<void>((resolve, reject) =>
        client.makeUnaryRequest(path, asIs, asIs, request, metadata, (error) => (error ? reject(error) : resolve())),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

interface Subscribers extends Disposable {
  /** When each of them got what came last, ms. */
  times: number[];
  /** Has what was sent by now reached all of them? */
  all(): Promise<void>;
}

function subscribe(client: Client, path: string, count = SUBSCRIBERS): Subscribers {
  const request = Buffer.from(ready.streamRequest, 'base64');
  let received = 0;
  let onAll = () => {};
  let isOver = false;
  const subscribers: Subscribers = {
    times: [],
    all: () => new Promise((resolve) => (onAll = resolve)),
    [Symbol.dispose]() {
      isOver = true;
      for (const stream of streams) stream.cancel();
    },
  };
  const streams = Array.from({ length: count }, () => {
    const stream = client.makeServerStreamRequest(path, asIs, asIs, request, metadata);
    stream.on('data', () => {
      subscribers.times.push(performance.timeOrigin + performance.now());
      if (++received % count === 0) onAll();
    });
    // One that is refused would be waited for; at the end each is cancelled.
    stream.on('error', (error) => {
      if (!isOver) throw error;
    });
    return stream;
  });
  return subscribers;
}

/** Before anything else has left room in the heap: what grows by the first streams is all that they take. */
async function memory(): Promise<void> {
  {
    // Their code is loaded by a few.
    using few = subscribe(ours, STREAM_HEALTH, 10);
    await few.all();
  }
  const atRest = await tell<number>({ ask: 'rss' });
  using many = subscribe(ours, STREAM_HEALTH);
  await many.all();
  const each = ((await tell<number>({ ask: 'rss' })) - atRest) / 1024 / SUBSCRIBERS;
  console.log(`memory of ${SUBSCRIBERS} streams: ${each.toFixed(1)} kB of RSS each`);
}

/** Subscribers of one service: what a change costs, and how long it takes to each. */
async function streams(): Promise<void> {
  const change = async (subscribers: Subscribers, ask: string) => {
    const all = subscribers.all();
    subscribers.times = [];
    const [at] = await Promise.all([tell<number>({ ask }), all]);
    return subscribers.times.map((time) => time - at);
  };
  // At the same time, so that neither lies in memory any better than the other.
  using mine = subscribe(ours, STREAM_HEALTH);
  using plain = subscribe(bare, '/bare/stream');
  await Promise.all([mine.all(), plain.all()]);
  const rounds = [];
  const slowest: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const delays: number[] = [];
    const cpu = await cpuOf(async () => {
      for (let at = 0; at < CHANGES; at++) delays.push(...(await change(mine, 'change')));
    });
    const echo = await cpuOf(async () => {
      for (let at = 0; at < CHANGES; at++) await change(plain, 'broadcast');
    });
    if (round === 0) continue;
    rounds.push({ mine: cpu / CHANGES / SUBSCRIBERS, echo: echo / CHANGES / SUBSCRIBERS });
    slowest.push(p99(delays));
  }
  report(`health to ${SUBSCRIBERS}, µs per message`, rounds);
  console.log(
    `delivery to ${SUBSCRIBERS}, p99 from before the commit: ${Math.min(...slowest).toFixed(1)} ms (${slowest.map((ms) => ms.toFixed(0)).join(' ')})`,
  );
}
