/**
 * A worker like that of `bin/worker.ts`, that dies or stands still where it is told to (`faults.ts`). It is forked by
 * `worker-pool.ts` and ends with it.
 */
import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { readConfig } from '../../bin/config.ts';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { openWorkers } from '../../bin/workers.ts';
import { openDatabase } from '../../db/client.ts';
import { OperationFault } from '../../domain/failures.ts';
import { aroundCalls, type Around } from './around-calls.ts';
import { note, passes, type Armed, type Point } from './faults.ts';
import { installQuietRuntime } from './quiet-runtime.ts';

const [folder = ''] = process.argv.slice(2);

const by = () => ({ at: Date.now(), pid: process.pid });
const subjects = new WeakMap<Context, string>();

function pointOf(point: Point): Armed {
  const context = Context.current();
  return { subject: subjects.get(context) ?? '', activity: context.info.activityType, point };
}

const passesBy = (armed: Armed) => passes(folder, armed, Context.current().info.attempt);

const intercept: ActivityInterceptorsFactory = (context) => ({
  inbound: {
    async execute(input, next) {
      const { environmentId, kind } = (input.args[0] ?? {}) as { environmentId?: string; kind?: string };
      const subject = environmentId ?? kind ?? '';
      subjects.set(context, subject);
      const tell = (kind: 'start' | 'finish') =>
        note(folder, { kind, ...by(), subject, activity: context.info.activityType });
      tell('start');
      try {
        passesBy(pointOf('before'));
        const result = await next(input);
        passesBy(pointOf('end'));
        return result;
      } finally {
        tell('finish');
      }
    },
  },
});

const around: Around = async (call, about, go) => {
  const armed = pointOf(`before ${call} ${about}`);
  const isZombie = passesBy(armed);
  const tell = (outcome: string) => isZombie && note(folder, { kind: 'outcome', outcome, ...by(), ...armed });
  try {
    const result = await go();
    tell('done');
    passesBy(pointOf(`${call} ${about}`));
    return result;
  } catch (error) {
    tell(error instanceof OperationFault ? error.failure.code : String(error));
    throw error;
  }
};

installQuietRuntime();
const config = readConfig();
await using db = openDatabase({ url: config.databaseUrl });
const { client, connection } = openTemporal(config.temporal);
const workers = await openWorkers(config, {
  ...{ db, client, maxActivities: 1 },
  interceptors: { activity: [intercept] },
  around: ({ compute, stacks }) => ({
    // Those that change something, and the look of a sweep.
    compute: aroundCalls(compute, ['ensure', 'scale', 'shiftTraffic', 'retire', 'unroute', 'health'], around),
    stacks: aroundCalls(stacks, ['up', 'destroy', 'refreshPreview'], around),
  }),
});
process.once('disconnect', () => {
  for (const worker of workers) worker.shutdown();
});
const running = Promise.all(workers.map((worker) => worker.run()));
process.send?.('polling');
await running;
await connection.close();
