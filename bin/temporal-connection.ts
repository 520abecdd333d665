/** How API and worker reach Temporal. */
import { Client, Connection } from '@temporalio/client';
import type { TemporalConfig } from '../local/platform/config.ts';

export function connectionOptions({ address, apiKey, tls }: TemporalConfig): {
  address: string;
  tls: boolean;
  apiKey?: string;
} {
  return { address, tls, ...(apiKey && { apiKey }) };
}

/** Lazy: the process starts, and says it is not ready, while Temporal is away. */
export function openTemporal(config: TemporalConfig): { connection: Connection; client: Client } {
  const connection = Connection.lazy(connectionOptions(config));
  return { connection, client: new Client({ connection, namespace: config.namespace }) };
}
