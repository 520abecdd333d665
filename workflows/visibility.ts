/** What Temporal lists of this platform's workflows. Lists lag a little behind. Outside the bundle. */
import type { Client, Connection, WorkflowExecutionInfo } from '@temporalio/client';
import type { EnvironmentId, EnvironmentKey } from '../domain/ids.ts';
import { OPERATION_KINDS, type OperationKind, type Stage } from '../domain/phases.ts';
import { attributes } from './messages.ts';
import { inTime } from './temporal.ts';

/** A lane or an operation, as its search attributes describe it: they are a hint where to look, and nothing more. */
export interface Listed extends EnvironmentKey {
  workflowId: string;
  kind: OperationKind | 'lane';
  stage: Stage;
  isRunning: boolean;
  startedAt: Date;
}

export interface ListOptions {
  client: Client;
  connection: Connection;
  /** Another platform's workflows may be in the same namespace; this one's are on its own queue. */
  taskQueue: string;
}

const KINDS = [...OPERATION_KINDS, 'lane'].map((kind) => `'${kind}'`).join(', ');
const PAGE = 500;

/** The lanes and operations that run, and those that closed between two times (ms since the epoch); by the page. */
export async function* listed({ client, connection, taskQueue }: ListOptions, from: number, to: number) {
  const closed = `CloseTime BETWEEN '${new Date(from).toISOString()}' AND '${new Date(to).toISOString()}'`;
  const ours = `TaskQueue = '${taskQueue}' AND ${attributes.kind.name} IN (${KINDS})`;
  const query = `${ours} AND (ExecutionStatus = 'Running' OR ${closed})`;
  const executions = client.workflow.list({ query, pageSize: PAGE })[Symbol.asyncIterator]();
  for (let page: Listed[] = []; ; page = []) {
    while (page.length < PAGE) {
      const next = await inTime(connection, () => executions.next());
      if (next.done) break;
      page.push(readListed(next.value));
    }
    if (page.length === 0) return;
    yield page;
  }
}

function readListed({ workflowId, status, startTime, typedSearchAttributes: its }: WorkflowExecutionInfo): Listed {
  return {
    workflowId,
    tenantId: its.get(attributes.tenantId) ?? '',
    environmentId: (its.get(attributes.environmentId) ?? '') as EnvironmentId,
    kind: (its.get(attributes.kind) ?? 'lane') as Listed['kind'],
    stage: (its.get(attributes.stage) ?? 'prod') as Stage,
    isRunning: status.name === 'RUNNING',
    startedAt: startTime,
  };
}
