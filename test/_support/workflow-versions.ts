/** Which version of the workers ran what, as Temporal has it. */
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { VersioningBehavior } = proto.temporal.api.enums.v1;

export interface RanOn {
  /** The builds that took its workflow tasks, in their order, each once in a row; null is a worker without a version. */
  builds: (string | null)[];
  /** Those of the processes that took its activities, each once. */
  pids: number[];
  /** As the last task had it. */
  behavior: 'pinned' | 'auto-upgrade' | null;
  isOverridden: boolean;
  /** Why its workflow tasks failed; of those in a row only the first is in the history. */
  taskFailures: string[];
  /** How often the task that it waits for has been tried; null: it waits for none. */
  attempt: number | null;
}

export async function ranOn(client: Client, workflowId: string): Promise<RanOn> {
  const handle = client.workflow.getHandle(workflowId);
  const { raw } = await handle.describe();
  const { events = [] } = await handle.fetchHistory();
  const completed = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: task }) => task ?? []);
  const started = (events ?? []).flatMap(({ activityTaskStartedEventAttributes: task }) => task?.identity ?? []);
  const failed = (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: task }) => task?.failure?.message ?? []);
  const builds = completed.map(({ deploymentVersion }) => deploymentVersion?.buildId ?? null);
  const info = raw.workflowExecutionInfo?.versioningInfo;
  return {
    builds: builds.filter((build, index) => index === 0 || build !== builds[index - 1]),
    pids: [...new Set(started.map((identity) => Number(identity.split('@')[0])))],
    behavior:
      info?.behavior === VersioningBehavior.VERSIONING_BEHAVIOR_PINNED
        ? 'pinned'
        : info?.behavior === VersioningBehavior.VERSIONING_BEHAVIOR_AUTO_UPGRADE
          ? 'auto-upgrade'
          : null,
    isOverridden: info?.versioningOverride?.autoUpgrade === true,
    taskFailures: failed,
    attempt: raw.pendingWorkflowTask?.attempt ?? null,
  };
}
