/**
 * How often a tenant, and each client of it, may call this process. A client is counted per tenant: what one tenant does
 * never refuses another's call, not even when both come through the same client.
 */
import { PlatformError } from '../domain/errors.ts';
import { tokensIn, waitMs, type Bucket, type BucketSize } from '../domain/token-bucket.ts';
import type { Principal } from './caller.ts';
import { isTenantId } from './tenant-guard.ts';

export interface RateLimiter {
  /** Counts a call of this principal. @throws PlatformError `RateLimited`, and then it counts for nothing */
  admit(principal: Principal): void;
  /** What `admit` would throw now, null when nothing. */
  refusal(principal: Principal): PlatformError | null;
}

export interface RateLimits {
  /** Null does not limit. */
  tenant: BucketSize | null;
  /** Null does not limit. */
  client: BucketSize | null;
}

/** Some 10 MB of them at most. The one that was taken from least recently is forgotten first, and begins full again. */
const MAX_BUCKETS = 10_000;

/** @param nowMs a clock that never goes back */
export function openRateLimits(
  { tenant, client }: RateLimits,
  nowMs: () => number = () => performance.now(),
): RateLimiter {
  const tenants = tenant && openBuckets(tenant);
  const clients = client && openBuckets(client);
  const refusalAt = ({ tenantId, clientKey }: Keys, now: number) =>
    refusedFor(clients?.waitMs(clientKey, now), 'client') ?? refusedFor(tenants?.waitMs(tenantId, now), 'tenant');
  return {
    admit(principal) {
      const keys = keysOf(principal);
      const now = nowMs();
      // Both are asked before either is taken from.
      const refusal = refusalAt(keys, now);
      if (refusal) throw refusal;
      clients?.take(keys.clientKey, now);
      tenants?.take(keys.tenantId, now);
    },
    refusal: (principal) => refusalAt(keysOf(principal), nowMs()),
  };
}

interface Keys {
  tenantId: string;
  clientKey: string;
}

/** The tenant guard refuses those that name no tenant; until then all of them are one. */
function keysOf({ tenantClaim, clientId }: Principal): Keys {
  const tenantId = isTenantId(tenantClaim) ? tenantClaim : '';
  return { tenantId, clientKey: `${tenantId} ${clientId}` };
}

interface Buckets {
  waitMs(key: string, nowMs: number): number;
  take(key: string, nowMs: number): void;
}

function openBuckets(size: BucketSize): Buckets {
  // In the order in which they were last taken from.
  const buckets = new Map<string, Bucket>();
  return {
    waitMs: (key, nowMs) => waitMs(size, buckets.get(key), nowMs),
    take(key, nowMs) {
      const tokens = tokensIn(size, buckets.get(key), nowMs) - 1;
      buckets.delete(key);
      const [oldest] = buckets.keys();
      if (oldest !== undefined && buckets.size >= MAX_BUCKETS) buckets.delete(oldest);
      buckets.set(key, { tokens, atMs: nowMs });
    },
  };
}

function refusedFor(waitMs: number | undefined, limited: 'client' | 'tenant'): PlatformError | null {
  if (!waitMs) return null;
  return new PlatformError('RateLimited', `This ${limited} calls more often than it may.`, {
    details: { limited },
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}
