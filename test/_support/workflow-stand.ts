/** The real workflow code on a real Temporal, with activities that do what a test says and are written down. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { connectionOptions, openTemporal } from '../../bin/temporal-connection.ts';
import { workflowBundle } from '../../bin/workflow-bundle.ts';
import { newId } from '../../db/new-id.ts';
import type { Command } from '../../domain/commands.ts';
import type { OperationKey } from '../../domain/ids.ts';
import { attributes, bell, commands } from '../../workflows/messages.ts';
import { stacksQueue, sweepsQueue } from '../../workflows/queues.ts';
import { ensureTemporal } from '../../workflows/temporal.ts';
import { openTestPlatform } from './platform.ts';
import { installQuietRuntime } from './quiet-runtime.ts';

/** What an activity does the `attempt`-th time it is called in a run, counted from 1. */
export type Act = (input: OperationKey & Record<string, unknown>, attempt: number) => unknown;

export interface Call {
  name: string;
  input: OperationKey & Record<string, unknown>;
}

export interface Ran {
  /** In the order in which they were begun, each attempt by itself. */
  calls: Call[];
  /** `completed`, or the type of what it failed of. */
  outcome: string;
}

export interface WorkflowStand extends AsyncDisposable {
  /** Runs a workflow to its end, in an environment of its own, whose id is its own. @param more what it is given beside the ids */
  run(workflow: string, acts: Record<string, Act>, more?: Record<string, unknown>): Promise<Ran>;
  /** As an operator does in the Temporal UI. */
  cancel(environmentId: string): Promise<void>;
  /** Gives a command, as an operator does there, with whatever is told beside it. @returns what becomes of it */
  command(environmentId: string, command: Command, told?: object, updateId?: string): Promise<unknown>;
  /** The phase that operators find it by, now. */
  shownPhase(environmentId: string): Promise<string | undefined>;
  /** As after an acceptance. */
  ring(environmentId: string): Promise<void>;
}

export interface ActivityNames {
  /** Every activity of the main queue that a workflow on this stand may call. */
  main: readonly string[];
  /** Those of the queue of stacks. */
  stacks?: readonly string[];
  /** Those of the queue of sweeps. */
  sweeps?: readonly string[];
}

export async function openWorkflowStand({ main, stacks = [], sweeps = [] }: ActivityNames): Promise<WorkflowStand> {
  installQuietRuntime();
  const platform = await openTestPlatform({ parts: ['temporal'] });
  const { temporal } = platform.config;
  const folder = mkdtempSync(join(tmpdir(), 'slb-'));
  const { client, connection } = openTemporal(temporal);
  await ensureTemporal(connection, temporal.namespace);
  const native = await NativeConnection.connect(connectionOptions(temporal));
  const runs = new Map<string, { acts: Record<string, Act>; calls: Call[] }>();
  const activity = (name: string) => async (input: Call['input']) => {
    // What a sweep calls is about no environment: its workflow is the one that was run here.
    const environmentId = input.environmentId ?? Context.current().info.workflowExecution?.workflowId;
    const run = runs.get(environmentId);
    if (!run) throw new Error(`nobody runs anything in ${environmentId}`);
    run.calls.push({ name, input });
    return await run.acts[name]?.(input, run.calls.filter((call) => call.name === name).length);
  };
  const of = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, activity(name)]));
  const shared = { connection: native, namespace: temporal.namespace };
  const workers = [
    await Worker.create({
      ...shared,
      taskQueue: temporal.taskQueue,
      workflowBundle: { codePath: await workflowBundle(folder) },
      activities: of(main),
    }),
  ];
  for (const [queue, names] of [
    [stacksQueue(temporal.taskQueue), stacks],
    [sweepsQueue(temporal.taskQueue), sweeps],
  ] as const) {
    if (names.length > 0) workers.push(await Worker.create({ ...shared, taskQueue: queue, activities: of(names) }));
  }
  const working = Promise.all(workers.map((worker) => worker.run()));
  return {
    async run(workflow, acts, more = {}) {
      const environmentId = newId('env');
      const calls: Call[] = [];
      runs.set(environmentId, { acts, calls });
      const input = { tenantId: 'connectsoft', environmentId, operationId: newId('op'), ...more };
      const outcome = await client.workflow
        .execute(workflow, { workflowId: environmentId, taskQueue: temporal.taskQueue, args: [input] })
        .then(() => 'completed', typeOf);
      return { calls, outcome };
    },
    async cancel(environmentId) {
      await client.workflow.getHandle(environmentId).cancel();
    },
    async command(environmentId, command, told = {}, updateId) {
      return await client.workflow
        .getHandle(environmentId)
        .executeUpdate(commands[command], { args: [told], updateId });
    },
    async shownPhase(environmentId) {
      const { typedSearchAttributes } = await client.workflow.getHandle(environmentId).describe();
      return typedSearchAttributes.get(attributes.phase);
    },
    async ring(environmentId) {
      await client.workflow.getHandle(environmentId).signal(bell);
    },
    async [Symbol.asyncDispose]() {
      for (const worker of workers) worker.shutdown();
      await working;
      await native.close();
      await connection.close();
      await platform[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

function typeOf(error: unknown): string {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const { cause } = error;
  const at = cause?.cause ?? cause;
  return at instanceof ApplicationFailure ? (at.type ?? '') : String(at);
}
