/** How many streams a tenant may have open at one API process, by configuration. */
import { DEFAULT_STREAMS_PER_TENANT } from '../api/live/stream-quota.ts';
import { ConfigError } from './config-error.ts';

const MAX = 1_000_000;

/** @throws ConfigError */
export function readStreamsPerTenant({ SLIPWAY_STREAMS_PER_TENANT: text }: Record<string, string | undefined>): number {
  if (!text) return DEFAULT_STREAMS_PER_TENANT;
  const streams = Number(text);
  if (Number.isInteger(streams) && streams >= 0 && streams <= MAX) return streams;
  throw new ConfigError(`SLIPWAY_STREAMS_PER_TENANT must be a whole number from 0 to ${MAX}, not "${text}".`);
}
