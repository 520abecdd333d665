/** How API and worker reach Temporal. */
import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { TemporalConfig } from '../local/platform/config.ts';

export function connectionOptions({ address, apiKey, tls }: TemporalConfig): {
  address: string;
  tls: boolean;
  apiKey?: string;
} {
  return { address, tls, ...(apiKey && { apiKey }) };
}

/**
 * Lazy: the process starts, and says it is not ready, while Temporal is away.
 *
 * @param dataConverter as of `readDataConverter`: without it a client neither reads nor writes encrypted payloads
 */
export function openTemporal(
  config: TemporalConfig,
  dataConverter?: DataConverter,
): { connection: Connection; client: Client } {
  const connection = Connection.lazy(connectionOptions(config));
  return { connection, client: new Client({ connection, namespace: config.namespace, dataConverter }) };
}
