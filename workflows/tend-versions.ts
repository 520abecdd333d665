/** What reconcile does about versions, so that no work waits for workers that do not come. Outside the bundle. */
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { status } from '@grpc/grpc-js';
import type { LaneClient } from './client.ts';
import { lookAtQueue, makeCurrent, pinnedTo, versionsOf } from './versions.ts';

/** One look, and what follows from it. What a look finds is acted upon when the next one finds it too. */
export type TendVersions = () => Promise<void>;

/**
 * - Where nothing is current and the workers that are there are all of one version, that one becomes current: nobody else
 *   could take the work. So it is after a Temporal that has lost everything.
 * - A run that is pinned to a version without workers moves to the current one.
 *
 * @param deployment without one the workers have no version, and nothing is done
 */
export function openTendVersions(
  { client, taskQueue }: LaneClient,
  deployment: string | undefined,
  { thereMs }: { thereMs?: number } = {},
): TendVersions {
  if (deployment === undefined) return () => Promise.resolve();
  // A Temporal that has just started knows of no worker for some seconds: hence the second look.
  let before = { alone: null as string | null, gone: new Set<string>() };
  return async () => {
    const { current, there } = await lookAtQueue(client, deployment, { name: taskQueue, thereMs });
    const [only = null] = there;
    const alone = current === null && there.size === 1 ? only : null;
    const draining = there.has(current) ? ((await versionsOf(client, deployment))?.draining ?? []) : [];
    const gone = new Set(draining.filter((buildId) => !there.has(buildId)));
    const last = before;
    before = { alone, gone };
    if (alone !== null && alone === last.alone) await makeCurrent(client, deployment, alone);
    for (const buildId of gone) if (last.gone.has(buildId)) await moveFrom(client, pinnedTo(deployment, buildId));
  };
}

/** To whatever is current, now and later: should that version be bad, the next one takes them too. */
async function moveFrom(client: Client, query: string): Promise<void> {
  const { namespace } = client.options;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const request = {
      namespace,
      workflowExecution: { workflowId, runId },
      workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
      updateMask: { paths: ['versioning_override'] },
    };
    await client.workflowService.updateWorkflowExecutionOptions(request).catch((error: unknown) => {
      // It has ended meanwhile.
      const isOver = isGrpcServiceError(error) && error.code === status.NOT_FOUND;
      if (!isOver) throw error;
    });
  }
}
