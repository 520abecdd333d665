/**
 * The process that floods for `bench/neighbours.ts`: so many calls a second, through so many connections, until told. It
 * writes its one request by hand: what a client library costs would be taken from who is measured.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Flooded, Neighbour } from './neighbours.ts';

const STEP_MS = 1;
const CONNECTIONS = 100;

const [message] = (await once(process, 'message')) as [{ of: Neighbour; perSecond: number }];
const { of, perSecond } = message;
const { hostname, port, pathname } = new URL(of.url);
const request = `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${of.token}\r\n\r\n`;
const flooded: Flooded = { calls: 0, refused: 0, seconds: 0 };
const idle: Socket[] = [];
const sockets = Array.from({ length: CONNECTIONS }, () => {
  const socket = connect(Number(port), hostname, () => idle.push(socket)).setNoDelay();
  // An answer is small: it comes whole.
  socket.on('data', (bytes) => {
    flooded.calls++;
    if (bytes.subarray(9, 12).toString('latin1') === '429') flooded.refused++;
    idle.push(socket);
  });
  return socket;
});
let isOver = false;
process.once('message', () => (isOver = true));
// The bench is gone: nothing here goes on without it.
process.once('disconnect', () => (isOver = true));
const began = performance.now();
let sent = 0;
while (!isOver) {
  const due = ((performance.now() - began) / 1000) * perSecond;
  // What cannot be sent now is not made up for: more than so many at once would only wait here.
  for (sent = Math.max(sent, due - CONNECTIONS); sent < due && idle.length > 0; sent++) idle.shift()?.write(request);
  await setTimeout(STEP_MS);
}
flooded.seconds = (performance.now() - began) / 1000;
for (const socket of sockets) socket.destroy();
if (process.connected) {
  process.send?.(flooded);
  process.disconnect();
}
