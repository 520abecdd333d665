/** What a workflow's history holds, and what Temporal would bill for it. Pure. */
import type { History } from '@temporalio/common/lib/proto-utils.js';

export interface HistoryCounts {
  events: number;
  /**
   * As Temporal Cloud counts its billable actions, without heartbeats: the start of the workflow (so a child's is in the
   * child's history), each attempt of an activity, all local activities of one workflow task together, and each timer,
   * signal, update and upsert of search attributes (that of a patch's version is free).
   */
  actions: number;
  /** Attempts by name. */
  activities: Record<string, number>;
  /** Children that it has asked for. */
  children: number;
  /** Heartbeats are in no history: at most one at an attempt's begin, and one each 0.8 × its time-out after it. */
  mostHeartbeats: number;
}

const LOCAL_ACTIVITY = 'core_local_activity';

export function countHistory({ events }: Pick<History, 'events'>): HistoryCounts {
  const all = events ?? [];
  const activities: Record<string, number> = {};
  const tasksWithLocal = new Set<string>();
  const scheduled = new Map<string, { name: string; heartbeatMs: number }>();
  const started = new Map<string, number>();
  let actions = 0;
  let children = 0;
  let mostHeartbeats = 0;
  for (const event of all) {
    const id = String(event.eventId);
    const { activityTaskScheduledEventAttributes: schedule, activityTaskStartedEventAttributes: start } = event;
    if (schedule) {
      const heartbeatMs = Number(schedule.heartbeatTimeout?.seconds ?? 0) * 1000;
      scheduled.set(id, { name: schedule.activityType?.name ?? '', heartbeatMs });
    }
    if (start) {
      const of = scheduled.get(String(start.scheduledEventId));
      const attempts = start.attempt ?? 1;
      actions += attempts;
      if (of) activities[of.name] = (activities[of.name] ?? 0) + attempts;
      started.set(String(start.scheduledEventId), msOf(event.eventTime));
    }
    const over =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes;
    if (over) {
      const key = String(over.scheduledEventId);
      const { heartbeatMs = 0 } = scheduled.get(key) ?? {};
      const ranMs = msOf(event.eventTime) - (started.get(key) ?? 0);
      if (heartbeatMs > 0) mostHeartbeats += 1 + Math.floor(ranMs / (0.8 * heartbeatMs));
    }
    if (event.startChildWorkflowExecutionInitiatedEventAttributes) children += 1;
    const { markerRecordedEventAttributes: marker, upsertWorkflowSearchAttributesEventAttributes: upsert } = event;
    if (marker?.markerName === LOCAL_ACTIVITY) tasksWithLocal.add(String(marker.workflowTaskCompletedEventId));
    const names = Object.keys(upsert?.searchAttributes?.indexedFields ?? {});
    if (upsert && String(names) !== 'TemporalChangeVersion') actions += 1;
    if (
      event.workflowExecutionStartedEventAttributes ??
      event.timerStartedEventAttributes ??
      event.workflowExecutionSignaledEventAttributes ??
      event.workflowExecutionUpdateAcceptedEventAttributes
    )
      actions += 1;
  }
  return { events: all.length, actions: actions + tasksWithLocal.size, activities, children, mostHeartbeats };
}

function msOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
