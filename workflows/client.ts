/** The way into the workflows from outside the bundle. */
import { WorkflowIdConflictPolicy, type Client } from '@temporalio/client';
import { laneWorkflowId, type EnvironmentKey } from '../domain/ids.ts';
import type { lane } from './lane.ts';
import { bell, laneAttributes } from './messages.ts';

/** Tells an environment's lane that there is work: Postgres holds what, this is only the doorbell. */
export type Ring = (key: EnvironmentKey) => Promise<void>;

export interface LaneClient {
  client: Client;
  taskQueue: string;
}

/** Rings by signal-with-start: it needs no worker, and a second ring of a running lane changes nothing. */
export function openRing({ client, taskQueue }: LaneClient): Ring {
  return async (key) => {
    await client.workflow.signalWithStart<typeof lane>('lane', {
      workflowId: laneWorkflowId(key.environmentId),
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      taskQueue,
      args: [key],
      signal: bell,
      signalArgs: [],
      workflowTaskTimeout: '5s',
      typedSearchAttributes: laneAttributes(key),
      staticSummary: `lane of ${key.environmentId}`,
    });
  };
}
