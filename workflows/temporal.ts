/** What Slipway needs of a Temporal cluster, made when it is missing: the namespace and the search attributes. Outside the bundle. */
import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { status } from '@grpc/grpc-js';
import { attributes } from './messages.ts';

/** How long closed workflows stay readable: an operation's end is settled from its closed workflow well within it. */
const RETENTION = '7 days';
/** A cluster's parts look for new namespaces every few seconds; until then one that was just made is not found. */
const KNOWN_WITHIN_MS = 30_000;
const LOOK_MS = 500;
/** A cluster that takes calls and does not answer them is away, as one that takes none. */
const ANSWER_MS = 10_000;

/** Calls of a cluster that are given up when they are not answered in time. */
export async function inTime<T>(connection: Connection, calls: () => Promise<T>): Promise<T> {
  return await connection.withDeadline(Date.now() + ANSWER_MS, calls);
}

/** Idempotent. A cluster that forbids changes (Temporal Cloud) is left as it is when all is there. */
export async function ensureTemporal(connection: Connection, namespace: string): Promise<void> {
  await ensureNamespace(connection, namespace);
  const { customAttributes } = await onceKnown(() =>
    inTime(connection, () => connection.operatorService.listSearchAttributes({ namespace })),
  );
  const missing = Object.values(attributes).filter(({ name }) => !(name in customAttributes));
  if (missing.length === 0) return;
  const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  const searchAttributes = Object.fromEntries(missing.map(({ name }) => [name, keyword]));
  await inTime(connection, () => connection.operatorService.addSearchAttributes({ namespace, searchAttributes })).catch(
    ignore(status.ALREADY_EXISTS),
  );
}

async function ensureNamespace(connection: Connection, namespace: string): Promise<void> {
  try {
    await inTime(connection, () => connection.workflowService.describeNamespace({ namespace }));
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== status.NOT_FOUND) throw error;
    const wanted = { namespace, workflowExecutionRetentionPeriod: msToTs(RETENTION) };
    await inTime(connection, () => connection.workflowService.registerNamespace(wanted)).catch(
      ignore(status.ALREADY_EXISTS),
    );
  }
}

async function onceKnown<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + KNOWN_WITHIN_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isGrpcServiceError(error) || error.code !== status.NOT_FOUND || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Somebody else did it at the same moment. */
function ignore(code: status): (error: unknown) => void {
  return (error) => {
    if (!isGrpcServiceError(error) || error.code !== code) throw error;
  };
}
