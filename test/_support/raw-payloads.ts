/** What a history holds that a reader without the keys can see. */
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { historyToJson } from './dump-history-json.ts';

export interface RawPayload {
  /** Where in the history, e.g. `5.activityTaskScheduledEventAttributes.input.payloads.0`. */
  at: string;
  encoding: string;
  keyId: string | undefined;
  /** As Temporal's protocol for remote codecs has it. */
  wire: { metadata: Record<string, string>; data: string };
}

export interface RawFailure {
  at: string;
  /** Which SDK wrote it; empty for the server's own. */
  source: string;
  message: string;
  stackTrace: string;
}

type Json = Record<string, unknown>;

/** Every payload of a history, in order, but those of search attributes, which nothing encrypts. */
export function rawPayloads(history: History): RawPayload[] {
  return everything(history, isPayload).map(([at, { metadata = {}, data = '' }]) => ({
    at,
    encoding: textOf(metadata.encoding),
    keyId: metadata['encryption-key-id'] && textOf(metadata['encryption-key-id']),
    wire: { metadata, data },
  }));
}

/** Every failure of a history, causes included. */
export function rawFailures(history: History): RawFailure[] {
  return everything(history, isFailure).map(([at, { source = '', message = '', stackTrace = '' }]) => ({
    at,
    source,
    message,
    stackTrace,
  }));
}

function everything<T extends object>(history: History, is: (value: object) => value is T): [string, T][] {
  const { events = [] } = JSON.parse(historyToJson(history)) as { events?: Json[] };
  return events.flatMap((event) => found(event, String(event.eventId), is));
}

function found<T extends object>(value: unknown, at: string, is: (value: object) => value is T): [string, T][] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([name, item]) =>
    name === 'searchAttributes' ? [] : found(item, `${at}.${name}`, is),
  );
  return is(value) ? [[at, value], ...below] : below;
}

function isPayload(value: object): value is { metadata?: Record<string, string>; data?: string } {
  return 'metadata' in value && typeof value.metadata === 'object' && 'encoding' in (value.metadata ?? {});
}

function isFailure(value: object): value is { source?: string; message?: string; stackTrace?: string } {
  return Object.keys(value).some((name) => /Failure(Execution)?Info$/.test(name));
}

const textOf = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString();
