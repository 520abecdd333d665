/** Workflows of operations as the lane starts them, listed by Temporal; nobody runs them. */
import type { Client } from '@temporalio/client';
import { newId } from '../../db/new-id.ts';
import type { EnvironmentKey, OperationId } from '../../domain/ids.ts';
import type { OperationKind } from '../../domain/phases.ts';
import { operationAttributes } from '../../workflows/messages.ts';
import { until } from './until.ts';

export function listedWorkflows(client: Client, queue: string) {
  const listedAs = async (id: string, status: string): Promise<void> => {
    const query = `WorkflowId = '${id}' AND ExecutionStatus = '${status}'`;
    await until(async () => (await client.workflow.count(query)).count === 1, { what: `${id} to be listed` });
  };
  const workflow = async (
    key: EnvironmentKey,
    kind: OperationKind,
    { id = newId('op'), summary = `${kind} it`, taskQueue = queue } = {},
  ): Promise<OperationId> => {
    await client.workflow.start(kind, {
      ...{ workflowId: id, taskQueue, args: [{ ...key, operationId: id }], staticSummary: summary },
      typedSearchAttributes: operationAttributes(
        { ...key, operationId: id },
        { kind, phase: 'Provisioning', stage: 'dev' },
      ),
    });
    await listedAs(id, 'Running');
    return id;
  };
  return {
    listedAs,
    workflow,
    async closed(...of: Parameters<typeof workflow>): Promise<OperationId> {
      const id = await workflow(...of);
      await client.workflow.getHandle(id).terminate('it has ended');
      await listedAs(id, 'Terminated');
      return id;
    },
    statusOf: async (id: string) => (await client.workflow.getHandle(id).describe()).status.name,
  };
}
