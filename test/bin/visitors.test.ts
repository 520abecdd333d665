import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../bin/config-error.ts';
import { openVisitors } from '../../bin/visitors.ts';

const open = (seconds?: string) =>
  openVisitors(seconds === undefined ? {} : { SLIPWAY_HEALTH_INTERVAL_SECONDS: seconds }, {} as never);

describe('SLIPWAY_HEALTH_INTERVAL_SECONDS', () => {
  it.each([undefined, '', '1', '30', '3600'])('may be %s', (seconds) => {
    expect(Object.keys(open(seconds))).toEqual(['health', 'expiry']);
  });

  it.each(['0', '-1', '1.5', '3601', 'often', 'NaN'])('is refused when it is %s', (seconds) => {
    expect(() => open(seconds)).toThrow(ConfigError);
    expect(() => open(seconds)).toThrow(/SLIPWAY_HEALTH_INTERVAL_SECONDS must be .*, not "/);
  });
});
