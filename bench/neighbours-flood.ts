/** The process that floods for `bench/neighbours.ts`: so many calls a second, through so many connections, until told. */
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Flooded, Neighbour } from './neighbours.ts';

const STEP_MS = 10;
const AT_ONCE = 200;

const [message] = (await once(process, 'message')) as [{ of: Neighbour; perSecond: number }];
const { of, perSecond } = message;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
const flooded: Flooded = { calls: 0, refused: 0, seconds: 0 };
let isOver = false;
process.once('message', () => (isOver = true));
// The bench is gone: nothing here goes on without it.
process.once('disconnect', () => (isOver = true));
const began = performance.now();
let sent = 0;
let open = 0;
while (!isOver) {
  const due = ((performance.now() - began) / 1000) * perSecond;
  // What cannot be sent now is not made up for: more than so many at once would only wait here.
  for (sent = Math.max(sent, due - AT_ONCE); sent < due && open < AT_ONCE; sent++) call();
  await setTimeout(STEP_MS);
}
flooded.seconds = (performance.now() - began) / 1000;
agent.destroy();
if (process.connected) {
  process.send?.(flooded);
  process.disconnect();
}

function call(): void {
  open++;
  const ended = () => {
    open--;
  };
  const request = get(of.url, { agent, headers: { authorization: `Bearer ${of.token}` } }, (response) => {
    flooded.calls++;
    if (response.statusCode === 429) flooded.refused++;
    response.resume().once('close', ended);
  });
  request.once('error', ended);
}
