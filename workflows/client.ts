/** The way into the workflows from outside the bundle. */
import { WorkflowIdConflictPolicy, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Unheard } from '../db/commands.ts';
import { laneWorkflowId, operationWorkflowId, sweepWorkflowId, type EnvironmentKey } from '../domain/ids.ts';
import type { SweepKind } from '../domain/sweeps.ts';
import type { lane } from './lane.ts';
import { bell, commands, laneAttributes, sweepAttributes } from './messages.ts';
import type { sweep } from './sweep.ts';

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

/** Tells the workflow of an operation of a command that its row has taken. @throws when it has not heard in time */
export type Tell = (command: Unheard) => Promise<void>;

/** How long a workflow may take to hear: longer than that, and there is no worker. */
const HEARS_MS = 2_000;

/** The command's id is the Update's: however often it is told, the workflow hears it once. */
export function openTell({ client }: Pick<LaneClient, 'client'>): Tell {
  return async ({ operationId, command, commandId }) => {
    const handle = client.workflow.getHandle(operationWorkflowId(operationId));
    await client.connection.withDeadline(Date.now() + HEARS_MS, () =>
      handle.executeUpdate(commands[command], { updateId: commandId, args: [{ commandId }] }),
    );
  };
}

/** Starts the sweeps of these kinds that do not run. */
export type EnsureSweeps = (kinds: readonly SweepKind[]) => Promise<void>;

export function openEnsureSweeps({ client, taskQueue }: LaneClient): EnsureSweeps {
  return async (kinds) => {
    for (const kind of kinds) {
      const workflowId = sweepWorkflowId(kind);
      // A look is free; a start, even of one that runs, is work for Temporal, and this is asked for all the time.
      if (await isRunning(client, workflowId)) continue;
      await client.workflow.start<typeof sweep>('sweep', {
        workflowId,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        taskQueue,
        args: [{ kind }],
        workflowTaskTimeout: '5s',
        typedSearchAttributes: sweepAttributes(),
        staticSummary: `sweep of ${kind}`,
      });
    }
  };
}

/** @throws when Temporal cannot be reached: that is not "not found". */
export async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Ends a workflow from outside, for operators to read why; one that is gone is fine. */
export async function terminate(client: Client, workflowId: string, reason: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).terminate(reason);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
