import { PlatformError } from '../../domain/errors.ts';

/**
 * Takes a place of the tenant for a stream, until the call is over.
 *
 * @throws PlatformError `TooManyStreams`
 */
export type TakePlace = (tenantId: string, over: AbortSignal) => void;

export const DEFAULT_STREAMS_PER_TENANT = 1_000;

export function openStreamQuota(perTenant: number): TakePlace {
  const taken = new Map<string, number>();
  return (tenantId, over) => {
    if (over.aborted) return;
    const before = taken.get(tenantId) ?? 0;
    if (before >= perTenant) {
      throw new PlatformError(
        'TooManyStreams',
        `This tenant has ${perTenant} streams open here, and may have no more.`,
        {
          details: { limit: perTenant },
          // Streams end when their readers leave: nobody knows when.
          retryAfterSeconds: 5,
        },
      );
    }
    taken.set(tenantId, before + 1);
    const giveBack = () => {
      const now = (taken.get(tenantId) ?? 1) - 1;
      if (now === 0) taken.delete(tenantId);
      else taken.set(tenantId, now);
    };
    over.addEventListener('abort', giveBack, { once: true });
  };
}
