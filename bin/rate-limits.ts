/** How often a tenant and a client may call, by configuration. */
import type { RateLimits } from '../api/limits.ts';
import type { BucketSize } from '../domain/token-bucket.ts';
import { ConfigError } from './config-error.ts';

type Environment = Record<string, string | undefined>;

/** Twice what a client may, so that no client uses up its tenant's alone. */
const TENANT_PER_SECOND = 200;
const CLIENT_PER_SECOND = 100;
const BURST_SECONDS = 5;
const MAX = 1_000_000;

/** @throws ConfigError */
export function readRateLimits(env: Environment): RateLimits {
  const burstSeconds = readNumber(env, 'SLIPWAY_RATE_LIMIT_BURST_SECONDS', BURST_SECONDS);
  const bucket = (variable: string, byDefault: number): BucketSize | null => {
    const perSecond = readNumber(env, variable, byDefault);
    return perSecond === 0 ? null : { perSecond, burst: Math.max(1, perSecond * burstSeconds) };
  };
  return {
    tenant: bucket('SLIPWAY_RATE_LIMIT_TENANT_PER_SECOND', TENANT_PER_SECOND),
    client: bucket('SLIPWAY_RATE_LIMIT_CLIENT_PER_SECOND', CLIENT_PER_SECOND),
  };
}

function readNumber(env: Environment, variable: string, byDefault: number): number {
  const text = env[variable];
  if (!text) return byDefault;
  const number = Number(text);
  if (!(number >= 0 && number <= MAX)) {
    throw new ConfigError(`${variable} must be a number from 0 to ${MAX}, not "${text}".`);
  }
  return number;
}
