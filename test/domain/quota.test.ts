import { describe, expect, it } from 'vitest';
import { readQuotas } from '../../bin/quota.ts';
import { DEFAULT_QUOTAS, useAround, type Demand } from '../../domain/quota.ts';
import type { Scaling } from '../../domain/scaling.ts';

const part = (replicas: Demand['replicas']): Demand => ({ replicas, isWhole: false });
const whole = (replicas: Demand['replicas']): Demand => ({ replicas, isWhole: true });
const policy = { minReplicas: 2, maxReplicas: 3 } as Scaling;

describe('useAround', () => {
  it.each<[string, Demand[], Demand, Record<string, Scaling>, [number, number], [number, number]]>([
    ['nothing runs yet', [], part({ a: 2, b: null }), {}, [0, 0], [2, 3]],
    ['a service is replaced by fewer', [whole({ a: 5 })], part({ a: 1 }), {}, [1, 5], [1, 1]],
    ['nothing is said of its replicas', [whole({ a: 5 })], part({ a: null }), {}, [1, 5], [1, 5]],
    ['of what comes before any may fail', [whole({ a: 5 }), part({ a: 2 })], part({ b: 1 }), {}, [1, 5], [2, 6]],
    ['one before adds a service', [whole({ a: 1 }), part({ b: 1 })], part({ c: 1 }), {}, [2, 2], [3, 3]],
    ['one before may fail to prune', [whole({ a: 1 }), whole({ b: 1 })], part({ c: 1 }), {}, [2, 2], [3, 3]],
    ['what it does not name is pruned', [whole({ a: 1, b: 1 })], whole({ c: 4 }), {}, [2, 2], [1, 4]],
    ['policies bound it', [whole({ a: 1 })], part({ b: 9 }), { a: policy, b: policy }, [1, 1], [2, 5]],
    ['it names nothing', [whole({ a: 1, b: 2 })], part({}), {}, [2, 3], [2, 3]],
    ['nothing is to run', [whole({ a: 0 })], part({ a: 0 }), {}, [1, 0], [1, 0]],
    ['a service is called like what objects have', [part({})], part({ constructor: 3 }), {}, [0, 0], [1, 3]],
    ['it is, and replaced', [whole({ constructor: 5 })], part({ constructor: null }), {}, [1, 5], [1, 5]],
  ])('says what runs before and after when %s', (_what, earlier, next, policies, before, after) => {
    const use = ([services, replicas]: [number, number]) => ({ services, replicas });
    expect(useAround(earlier, next, policies)).toEqual({ before: use(before), after: use(after) });
  });
});

describe('readQuotas', () => {
  it('takes each limit from its variable', () => {
    expect(readQuotas({})).toEqual(DEFAULT_QUOTAS);
    expect(readQuotas({ SLIPWAY_QUOTA_REPLICAS: '7' })).toEqual({ ...DEFAULT_QUOTAS, replicas: 7 });
  });

  it.each(['0', '-1', '1.5', 'many', '1e3', '1000001'])('names the variable whose value is %s', (text) => {
    expect(() => readQuotas({ SLIPWAY_QUOTA_SERVICES: text })).toThrow(
      `SLIPWAY_QUOTA_SERVICES must be a whole number from 1 to 1000000, not "${text}".`,
    );
  });
});
