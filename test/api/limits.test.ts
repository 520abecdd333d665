import { describe, expect, it } from 'vitest';
import type { Principal } from '../../api/caller.ts';
import { openRateLimits, type RateLimits } from '../../api/limits.ts';
import { PlatformError } from '../../domain/errors.ts';

const ONE_PER_SECOND = { perSecond: 1, burst: 3 };

function open(limits: Partial<RateLimits>) {
  let nowMs = 0;
  const limiter = openRateLimits({ tenant: null, client: null, ...limits }, () => nowMs);
  /** What the call is refused with; null when it is admitted. */
  const refusal = (tenantClaim: unknown, clientId = 'cli'): PlatformError | null => {
    const principal: Principal = { subject: 'me', clientId, scopes: new Set(), expiresAtMs: Infinity, tenantClaim };
    try {
      // To ask whether a call would be refused counts for nothing.
      const foreseen = limiter.refusal(principal);
      expect(limiter.refusal(principal)).toEqual(foreseen);
      limiter.admit(principal);
      expect(foreseen).toBeNull();
      return null;
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      expect(limiter.refusal(principal)).toEqual(error);
      return error;
    }
  };
  const admitted = (count: number, tenant: unknown, client?: string) =>
    Array.from({ length: count }, () => refusal(tenant, client)).filter((refused) => refused === null).length;
  return { refusal, admitted, pass: (ms: number) => (nowMs += ms) };
}

describe('rate limits', () => {
  it("refuse a client beyond its burst, and leave its tenant's other clients alone", () => {
    const { refusal, admitted } = open({ client: ONE_PER_SECOND });
    expect(admitted(10, 'one', 'loud')).toBe(3);
    expect(refusal('one', 'loud')).toMatchObject({
      code: 'RateLimited',
      details: { limited: 'client' },
      retryAfterSeconds: 1,
    });
    expect(admitted(3, 'one', 'quiet')).toBe(3);
  });

  it('refuse a tenant whose clients call too often together, and no other tenant', () => {
    const { refusal, admitted } = open({ tenant: ONE_PER_SECOND });
    for (const client of ['a', 'b', 'c']) expect(refusal('one', client)).toBeNull();
    expect(refusal('one', 'd')).toMatchObject({ details: { limited: 'tenant' } });
    expect(admitted(3, 'two', 'a')).toBe(3);
  });

  it("refuse no tenant's call for another's, when both come through one client", () => {
    const { admitted } = open({ tenant: ONE_PER_SECOND, client: ONE_PER_SECOND });
    admitted(1_000, 'one', 'shared');
    expect(admitted(3, 'two', 'shared')).toBe(3);
  });

  it('take nothing for a refused call: neither from the one that refused nor from the other', () => {
    const { refusal, admitted, pass } = open({ tenant: { perSecond: 1, burst: 4 }, client: ONE_PER_SECOND });
    admitted(1_000, 'one', 'loud');
    expect(admitted(10, 'one', 'quiet')).toBe(1);
    const { retryAfterSeconds = 0 } = refusal('one', 'quiet') ?? {};
    pass(retryAfterSeconds * 1_000);
    expect(refusal('one', 'quiet')).toBeNull();
  });

  it('say with each refusal after how many seconds a call is admitted again', () => {
    const { refusal, admitted, pass } = open({ client: { perSecond: 0.25, burst: 2 } });
    admitted(2, 'one');
    expect(refusal('one')?.retryAfterSeconds).toBe(4);
    pass(3_600);
    expect(refusal('one')?.retryAfterSeconds).toBe(1);
    pass(1_000);
    expect(refusal('one')).toBeNull();
  });

  it('count all that name no tenant as one', () => {
    const { admitted } = open({ tenant: ONE_PER_SECOND });
    const claims = [undefined, null, 7, ['one'], 'Not A Tenant', ''];
    expect(claims.filter((claim) => admitted(1, claim) === 1).length).toBe(3);
  });

  it('refuse nobody when they are off', () => {
    expect(open({}).admitted(10_000, 'one')).toBe(10_000);
  });

  it('forget, beyond ten thousand, who called least recently, and nobody who goes on calling', () => {
    const { refusal, admitted } = open({ client: ONE_PER_SECOND });
    admitted(3, 'one', 'early');
    admitted(1, 'one', 'going-on');
    for (let index = 0; index < 9_998; index += 1) refusal('one', `client-${index}`);
    expect(refusal('one', 'early')?.code).toBe('RateLimited');
    admitted(2, 'one', 'going-on');
    refusal('one', 'one-more');
    expect(admitted(5, 'one', 'early')).toBe(3);
    expect(refusal('one', 'going-on')?.code).toBe('RateLimited');
  });
});
