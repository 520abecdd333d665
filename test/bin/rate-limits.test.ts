import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../bin/config-error.ts';
import { readRateLimits } from '../../bin/rate-limits.ts';

describe('readRateLimits', () => {
  it('limits unless told otherwise, a tenant higher than each client of it', () => {
    const { tenant, client } = readRateLimits({});
    expect(tenant).toEqual({ perSecond: 200, burst: 1_000 });
    expect(client).toEqual({ perSecond: 100, burst: 500 });
  });

  it('reads each limit and the burst, and 0 turns one off', () => {
    const env = { SLIPWAY_RATE_LIMIT_TENANT_PER_SECOND: '0', SLIPWAY_RATE_LIMIT_CLIENT_PER_SECOND: '2.5' };
    expect(readRateLimits({ ...env, SLIPWAY_RATE_LIMIT_BURST_SECONDS: '2' })).toEqual({
      tenant: null,
      client: { perSecond: 2.5, burst: 5 },
    });
  });

  it('leaves room for one call, however small the burst', () => {
    const env = { SLIPWAY_RATE_LIMIT_CLIENT_PER_SECOND: '0.1', SLIPWAY_RATE_LIMIT_BURST_SECONDS: '0' };
    expect(readRateLimits(env).client).toEqual({ perSecond: 0.1, burst: 1 });
  });

  it.each(['-1', 'many', 'NaN', 'Infinity', '1000001'])('says in one sentence that %s is no limit', (text) => {
    for (const name of ['TENANT_PER_SECOND', 'CLIENT_PER_SECOND', 'BURST_SECONDS']) {
      const variable = `SLIPWAY_RATE_LIMIT_${name}`;
      const read = () => readRateLimits({ [variable]: text });
      expect(read).toThrow(ConfigError);
      expect(read).toThrow(`${variable} must be a number from 0 to 1000000, not "${text}".`);
    }
  });
});
