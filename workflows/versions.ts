/**
 * The versions of a deployment of workers as Temporal knows them: which one is current, whose workers are there, which are
 * still needed. Outside the bundle.
 */
import { status } from '@grpc/grpc-js';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';

const { TaskQueueType, WorkerDeploymentVersionStatus, WorkerVersioningMode } = proto.temporal.api.enums.v1;

/** A worker asks for a task again within a minute; one that has not for longer than this is gone. */
const THERE_MS = 90_000;

const TYPES = {
  workflow: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  activity: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
} as const;
export type QueueKind = keyof typeof TYPES;

/** The builds whose workers ask a queue for tasks; null stands for workers without a version. */
export type Builds = Set<string | null>;

export interface Queue {
  /** The version that is given what is not pinned, of whatever deployment; null: workers without one. */
  current: string | null;
  there: Builds;
}

/** @param thereMs how long ago a worker may have asked to count as there */
export async function lookAtQueue(
  { workflowService, options: { namespace } }: Client,
  deployment: string,
  { name, kind = 'workflow', thereMs = THERE_MS }: { name: string; kind?: QueueKind; thereMs?: number },
): Promise<Queue> {
  const { pollers, versioningInfo } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name },
    taskQueueType: TYPES[kind],
  });
  const there: Builds = new Set();
  for (const { lastAccessTime, deploymentOptions } of pollers) {
    if (Date.now() - (optionalTsToMs(lastAccessTime) ?? 0) > thereMs) continue;
    const { workerVersioningMode, deploymentName, buildId } = deploymentOptions ?? {};
    if (workerVersioningMode !== WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED) there.add(null);
    else if (deploymentName === deployment) there.add(buildId ?? '');
  }
  return { current: versioningInfo?.currentDeploymentVersion?.buildId ?? null, there };
}

export interface Versions {
  current: string | null;
  /** Not current any more, with operations that run on them. */
  draining: string[];
  /** The one whose workers came last. */
  newest: string | null;
}

/** Null when no worker of the deployment has ever asked for anything. */
export async function versionsOf(
  { workflowService, options: { namespace } }: Client,
  deploymentName: string,
): Promise<Versions | null> {
  const found = await ifFound(workflowService.describeWorkerDeployment({ namespace, deploymentName }));
  if (!found) return null;
  const { versionSummaries = [], routingConfig } = found.workerDeploymentInfo ?? {};
  const byAge = (versionSummaries ?? []).map(({ deploymentVersion, createTime, status: its }) => ({
    buildId: deploymentVersion?.buildId ?? '',
    createdMs: optionalTsToMs(createTime) ?? 0,
    isDraining: its === WorkerDeploymentVersionStatus.WORKER_DEPLOYMENT_VERSION_STATUS_DRAINING,
  }));
  byAge.sort((a, b) => b.createdMs - a.createdMs);
  return {
    current: routingConfig?.currentDeploymentVersion?.buildId ?? null,
    draining: byAge.filter(({ isDraining }) => isDraining).map(({ buildId }) => buildId),
    newest: byAge[0]?.buildId ?? null,
  };
}

/** The queues that Temporal has noted for a version: workers may ask for tasks some moments before. */
export async function queuesOf(
  { workflowService, options: { namespace } }: Client,
  deploymentVersion: { deploymentName: string; buildId: string },
): Promise<{ name: string; kind: QueueKind }[]> {
  const { versionTaskQueues = [] } =
    (await ifFound(workflowService.describeWorkerDeploymentVersion({ namespace, deploymentVersion }))) ?? {};
  return versionTaskQueues.map(({ name, type }) => ({
    name: name ?? '',
    kind: type === TYPES.workflow ? 'workflow' : 'activity',
  }));
}

/** From now on new operations, lanes and sweeps are this version's. @throws when it lacks a queue that the current one has */
export async function makeCurrent(
  { workflowService, options: { namespace, identity } }: Client,
  deploymentName: string,
  buildId: string,
): Promise<void> {
  await workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId, identity });
}

/** Finds the running workflows that are pinned to a version, by Temporal's visibility. */
export function pinnedTo(deployment: string, buildId: string): string {
  const version = `TemporalWorkerDeploymentVersion = '${deployment}:${buildId}'`;
  return `${version} AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'`;
}

async function ifFound<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === status.NOT_FOUND) return null;
    throw error;
  }
}
