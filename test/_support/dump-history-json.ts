/**
 * Histories as JSON and back, in the form of Temporal's own tools. The SDK's `historyToJSON` and `historyFromJSON` accept
 * only types of the very copy of protobufjs that they load, and npm may give `@temporalio/common` another copy than
 * `@temporalio/proto`, which makes the types: then they throw "type must be a Type". Here the copy is the one of the types.
 */
import { createRequire } from 'node:module';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import proto from '@temporalio/proto';

interface ProtoJson {
  toJson(type: unknown, message: unknown): unknown;
  fromJson(type: unknown, json: unknown, options: { ignoreUnknownFields: boolean }): unknown;
}

const load = createRequire(createRequire(import.meta.url).resolve('@temporalio/proto'));
const { toJson, fromJson } = load('protobufjs/ext/protojson') as ProtoJson;
const HISTORY = proto.temporal.api.history.v1.History;

export function historyToJson(history: History): string {
  return JSON.stringify(toJson(typeOfHistory(), HISTORY.fromObject(history)));
}

/** @throws TypeError when it is not a history. */
export function historyFromJson(text: string): History {
  // What a later server wrote and this SDK does not know is left out.
  return fromJson(typeOfHistory(), JSON.parse(text), { ignoreUnknownFields: true }) as History;
}

/** The reflection that the generated classes carry, which their declared types leave out. */
function typeOfHistory(): unknown {
  const { lookupType } = proto as unknown as { lookupType: (name: string) => unknown };
  return lookupType.call(proto, 'temporal.api.history.v1.History');
}
