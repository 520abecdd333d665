/** A bucket of tokens, each worth one call: it begins full, and gets tokens back by time. */
export interface BucketSize {
  /** Tokens it gets back; above 0. */
  perSecond: number;
  /** Tokens it holds; at least 1, or no call would ever be taken. */
  burst: number;
}

/** How many tokens were left at a time. A bucket that nothing is known of is full. */
export interface Bucket {
  tokens: number;
  atMs: number;
}

/** What is in it now. */
export function tokensIn({ perSecond, burst }: BucketSize, bucket: Bucket | undefined, nowMs: number): number {
  return bucket ? Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000) : burst;
}

/** How long until it holds a whole token, in milliseconds; 0 when it does. */
export function waitMs(size: BucketSize, bucket: Bucket | undefined, nowMs: number): number {
  return Math.max(0, ((1 - tokensIn(size, bucket, nowMs)) * 1000) / size.perSecond);
}
