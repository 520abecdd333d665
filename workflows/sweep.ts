/**
 * Work that comes round by itself, one workflow per kind: turn after turn over the rows that are due, until none of the
 * kind is due soon. It carries no state, and a history of one activity, however many rows there are and however long it goes on.
 */
import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { SweepsActivities } from '../activities/index.ts';
import type { SweepInput } from '../activities/sweep.ts';
import { sweepsQueue } from './queues.ts';

export async function sweep({ kind }: SweepInput): Promise<void> {
  const { sweepDue } = proxyActivities<SweepsActivities>({
    taskQueue: sweepsQueue(workflowInfo().taskQueue),
    // Twice a turn: one that takes longer hangs, and the leases keep what it visits from being visited twice.
    startToCloseTimeout: '1h',
    // How soon another worker goes on when one is killed; every recorded heartbeat is paid for.
    heartbeatTimeout: '30s',
    retry: { maximumInterval: '30s' },
    summary: `visit what is due for ${kind}`,
  });
  const { left } = await sweepDue({ kind });
  if (left > 0) await continueAsNew<typeof sweep>({ kind });
}
