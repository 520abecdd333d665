/** The histories of workflow executions as the JSON that Temporal's own tools write, with nothing of the machine in them. */
import type { Client } from '@temporalio/client';
import { historyToJson } from './dump-history-json.ts';
import type { Scrub } from './dump-scrub.ts';

/** One run; a lane has many under one workflow id. */
export interface Execution {
  workflowId: string;
  runId: string;
  type: string;
  status: string;
  startedAt: Date;
}

export interface HistoryEvent {
  eventType?: string;
  [attributes: string]: unknown;
}

/** Every run of the namespace, oldest first. */
export async function executionsOf(client: Client): Promise<Execution[]> {
  const executions: Execution[] = [];
  for await (const { workflowId, runId, type, status, startTime } of client.workflow.list()) {
    executions.push({ workflowId, runId, type, status: status.name, startedAt: startTime });
  }
  return executions.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
}

/** What `runReplayHistory` takes, an event a line. */
export async function dumpHistory(client: Client, { workflowId, runId }: Execution, scrub: Scrub): Promise<string> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const { events } = scrubDeep(JSON.parse(historyToJson(history)), scrub) as { events: HistoryEvent[] };
  return `{"events":[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]}\n`;
}

/** A history with its payloads readable: what is at rest in it, for a look at secrets. */
export function readable(history: string): string {
  return JSON.stringify(mapPayloads(JSON.parse(history), (data) => data));
}

function scrubDeep(value: unknown, scrub: Scrub): unknown {
  const payloads = mapPayloads(value, (data) => Buffer.from(scrub(data)).toString('base64'));
  return mapStrings(payloads, scrub);
}

interface Payload {
  metadata: Record<string, string>;
  data: string;
}

/** Replaces the decoded text of every JSON payload. */
function mapPayloads(value: unknown, replace: (data: string) => string): unknown {
  return mapObjects(value, (item) => {
    if (!isPayload(item)) return item;
    const encoding = Buffer.from(item.metadata.encoding ?? '', 'base64').toString();
    return encoding.startsWith('json/')
      ? { ...item, data: replace(Buffer.from(item.data, 'base64').toString('utf8')) }
      : item;
  });
}

function isPayload(item: object): item is Payload {
  return 'metadata' in item && typeof item.metadata === 'object' && 'data' in item && typeof item.data === 'string';
}

function mapStrings(value: unknown, replace: Scrub): unknown {
  if (typeof value === 'string') return replace(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapStrings(item, replace)]));
}

function mapObjects(value: unknown, map: (item: object) => object): unknown {
  if (Array.isArray(value)) return value.map((item) => mapObjects(item, map));
  if (typeof value !== 'object' || value === null) return value;
  const mapped = Object.entries(value).map(([name, item]) => [name, mapObjects(item, map)]);
  return map(Object.fromEntries(mapped) as object);
}
