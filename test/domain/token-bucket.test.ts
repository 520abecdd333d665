import { describe, expect, it } from 'vitest';
import { tokensIn, waitMs, type Bucket, type BucketSize } from '../../domain/token-bucket.ts';

const size: BucketSize = { perSecond: 2, burst: 4 };
const empty: Bucket = { tokens: 0, atMs: 1_000 };

describe('a token bucket', () => {
  it('is full when nothing is known of it', () => {
    expect(tokensIn(size, undefined, 5)).toBe(4);
    expect(waitMs(size, undefined, 5)).toBe(0);
  });

  it.each([
    [1_000, 0, 500],
    [1_125, 0.25, 375],
    [1_500, 1, 0],
    [2_500, 3, 0],
    [3_000, 4, 0],
    [9_000, 4, 0],
  ])('that was emptied at 1000 ms holds at %i ms %d tokens, and is waited for %d ms', (now, tokens, wait) => {
    expect(tokensIn(size, empty, now)).toBe(tokens);
    expect(waitMs(size, empty, now)).toBe(wait);
  });

  it('gives what it holds and what it gets back, and no more, however it is asked', () => {
    for (const perSecond of [0.3, 3, 7, 100]) {
      for (const everyMs of [0.7, 1, 9.3, 1_000]) {
        const of = { perSecond, burst: 5 };
        let bucket: Bucket | undefined;
        let taken = 0;
        const seconds = 20;
        for (let now = 0; now < seconds * 1_000; now += everyMs) {
          if (waitMs(of, bucket, now) > 0) continue;
          bucket = { tokens: tokensIn(of, bucket, now) - 1, atMs: now };
          taken += 1;
        }
        const most = Math.min(5 + perSecond * seconds, Math.ceil((seconds * 1_000) / everyMs));
        expect(taken, `${perSecond} per second, asked every ${everyMs} ms`).toBeLessThanOrEqual(most);
        expect(taken).toBeGreaterThanOrEqual(Math.floor(most * 0.95) - 1);
      }
    }
  });
});
