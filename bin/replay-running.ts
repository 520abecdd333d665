/** Whether this tree's workflow code can go on with what runs now and would move to it: it replays their histories. */
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker, makeTelemetryFilterString } from '@temporalio/worker';
import { cacheHomeOf } from '../local/engines/cache.ts';
import type { Config } from './config.ts';
import { readDataConverter } from './data-converter.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** All but operations that are pinned: those end on the code that they began on. */
const MOVES = "(TemporalWorkflowVersioningBehavior IS NULL OR TemporalWorkflowVersioningBehavior = 'AutoUpgrade')";

export interface Misfit {
  workflowId: string;
  reason: string;
}

export async function misfitsOf(client: Client, { env, temporal: { taskQueue } }: Config): Promise<Misfit[]> {
  // What does not fit is told by the caller.
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
    shutdownSignals: [],
  });
  const dataConverter = await readDataConverter(env);
  const folder = join(cacheHomeOf(env), 'slipway', 'workflows');
  const codePath = await workflowBundle(folder, { dataConverter, isVersioned: true });
  const worker = { workflowBundle: { codePath }, dataConverter };
  const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND ${MOVES}`;
  const histories = client.workflow.list({ query }).intoHistories();
  const misfits: Misfit[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories(worker, histories)) {
    if (error) misfits.push({ workflowId, reason: error.message });
  }
  return misfits;
}
