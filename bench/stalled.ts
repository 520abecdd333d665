/**
 * `npm run bench:stalled [-- seconds]`: what a thousand gRPC readers cost that take nothing, each on a connection of its
 * own whose window is zero, while what they read goes on changing. The figure is how much the API's resident memory grows
 * from when all of them are there (300 s by default); ends with 1 at the bar. At last one of them reads on, and has to
 * come to the present state.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { RuntimeHealth } from '../proto/gen/slipway/runtime/v1/runtime_health_pb.js';
import { openStalledReader } from '../test/_support/stalled-reader.ts';
import { loadAverage } from './figures.ts';
import type { Ready } from './grpc.ts';

const READERS = 1_000;
const CHANGES_PER_SECOND = 10;
const BAR_MB = 50;
const SECONDS = Number(process.argv[2] ?? 300);
const REPORT_EVERY = 60 * CHANGES_PER_SECOND;
const { streamHealth } = RuntimeHealth.method;

const server = fork(join(import.meta.dirname, 'grpc-server.ts'), { execArgv: ['--expose-gc'] });
const [{ ports, token, streamRequest }] = (await once(server, 'message')) as [Ready];
const request = fromBinary(streamHealth.input, Buffer.from(streamRequest, 'base64'));
const readers = Array.from({ length: READERS }, () => openStalledReader(ports.ours, streamHealth, request, token));
try {
  await Promise.all(readers.map(({ answered }) => answered));
  await ask('change');
  const before = await ask('rss');
  const began = performance.now();
  const changes = SECONDS * CHANGES_PER_SECOND;
  for (let at = 1; at <= changes; at++) {
    await ask('change');
    if (at % REPORT_EVERY === 0) console.log(`after ${at} changes: ${mb((await ask('rss')) - before)} MB more`);
    await setTimeout(Math.max(0, began + (at * 1000) / CHANGES_PER_SECOND - performance.now()));
  }
  const grown = (await ask('rss')) - before;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const [reader] = readers;
  reader?.open();
  // The one that was on its way, and the latest, which says how many were left out.
  const last = (await reader?.atLeast(2))?.at(-1);
  console.log(
    `${READERS} readers that take nothing, ${changes} changes in ${seconds} s: ${mb(grown)} MB more (from ${mb(before)} MB), the bar is ${BAR_MB}; one that reads on was told of ${last?.skipped} states left out; ${loadAverage()}`,
  );
  if (grown >= BAR_MB * 1024 * 1024) process.exitCode = 1;
} finally {
  for (const reader of readers) reader[Symbol.dispose]();
  server.disconnect();
  await once(server, 'exit');
}

async function ask(what: 'change' | 'rss'): Promise<number> {
  server.send({ ask: what });
  const [answer] = (await once(server, 'message')) as [number];
  return answer;
}

function mb(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
