import { PlatformError } from '../../domain/errors.ts';

/** Counts a stream of the tenant until the returned function is called, once or more often. @throws PlatformError `TooManyStreams` */
export type TakeStream = (tenantId: string) => () => void;

export const DEFAULT_STREAMS_PER_TENANT = 1_000;

export function openStreamQuota(perTenant: number): TakeStream {
  const taken = new Map<string, number>();
  return (tenantId) => {
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
    let isGivenBack = false;
    return () => {
      if (isGivenBack) return;
      isGivenBack = true;
      const now = (taken.get(tenantId) ?? 1) - 1;
      if (now === 0) taken.delete(tenantId);
      else taken.set(tenantId, now);
    };
  };
}
