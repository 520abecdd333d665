import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childEnvironment } from '../../local/platform/child-environment.ts';
import { API, WORKER, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;
const others: ChildProcess[] = [];

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('zombie');
  const first = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
  expect((await operator.ended(first)).status).toBe('Completed');
});
afterAll(async () => {
  for (const other of others) {
    if (other.exitCode !== null || other.signalCode !== null) continue;
    other.kill('SIGTERM');
    await once(other, 'exit');
  }
  await platform?.[Symbol.asyncDispose]();
});

/** One more worker beside the platform's own. */
function startAnotherWorker(): void {
  const { config } = platform;
  const env = { ...childEnvironment(config), DATABASE_URL: config.databaseUrl };
  others.push(spawn(process.execPath, [join(import.meta.dirname, '../../bin/worker.ts')], { env, stdio: 'ignore' }));
}

describe('a worker that is stopped past its heartbeat time-out and goes on when another has finished its work', () => {
  it('changes nothing: the same replicas run, and the same release is live', async () => {
    const id = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2) });
    await operator.reached(id, 'begun to roll', ({ components }) =>
      components.some(({ status }) => status === 'Gating'),
    );
    const zombie = platform.platform.children.worker;
    zombie?.kill('SIGSTOP');
    startAnotherWorker();
    expect((await operator.ended(id)).status).toBe('Completed');
    const look = async () => ({
      running: runningWorkloads(platform.home),
      environment: await operator.environment(environmentId),
      deployment: await operator.deployment(id),
    });
    const before = await look();
    expect(before.running.map(({ serviceId }) => serviceId)).toEqual([WORKER, API, API]);

    zombie?.kill('SIGCONT');
    await until(() => zombieHasGivenUp(), { what: 'the stopped attempt to end' });
    expect(await look()).toEqual(before);
  });
});

/**
 * The attempt that was stopped ends in the log of its worker: cancelled by the server, refused by the fence, or failed by
 * what was cut off while it stood still.
 */
async function zombieHasGivenUp(): Promise<boolean> {
  const log = await readFile(join(platform.home, 'log', 'worker.log'), 'utf8');
  return /the attempt was given up|Activity failed/.test(log);
}
