import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksOfAnswer } from '../../domain/health-answer.ts';
import { HEALTH_STATUSES, judgeService, type CheckResult, type ReplicaLook } from '../../domain/health.ts';

const healthy: ReplicaLook = { isLive: true, status: 'healthy' };
const unhealthy: ReplicaLook = { isLive: true, status: 'unhealthy' };
const silent: ReplicaLook = { isLive: true, status: 'noData' };
const next = (look: ReplicaLook): ReplicaLook => ({ ...look, isLive: false });
const sql = (status: CheckResult['status'], durationMs?: number): CheckResult => ({
  ...{ name: 'sql', status },
  ...(durationMs !== undefined && { durationMs }),
});

describe('the health of a service', () => {
  it.each<[string, ReplicaLook[], number, string]>([
    ['every replica is healthy', [healthy, healthy], 2, 'Healthy'],
    ['a replica is unhealthy beside a healthy one', [healthy, unhealthy], 2, 'Degraded'],
    ['a replica does not answer beside a healthy one', [healthy, silent], 2, 'Degraded'],
    ['a replica is missing', [healthy], 2, 'Degraded'],
    ['no replica is healthy', [unhealthy, silent], 2, 'Unhealthy'],
    ['no replica answers', [silent], 1, 'Unhealthy'],
    ['no replica is there', [], 1, 'Unhealthy'],
    ['it should have none, and has none', [], 0, 'Unknown'],
    ['a healthy one of the next revision stands in for one that is gone', [healthy, next(healthy)], 2, 'Healthy'],
    ['one of the next revision is not healthy yet', [healthy, healthy, next(unhealthy), next(silent)], 2, 'Healthy'],
    ['the next revision alone is healthy', [unhealthy, next(healthy)], 1, 'Degraded'],
    ['a check of a healthy replica does not hold', [{ ...healthy, checks: [sql('Degraded')] }], 1, 'Degraded'],
    ['a check of a healthy replica says nothing', [{ ...healthy, checks: [sql('Unknown')] }], 1, 'Healthy'],
  ])('when %s', (_when, looks, wanted, status) => {
    expect(judgeService(looks, wanted).status).toBe(status);
  });

  it('names the checks of the workload behind the one of the platform', () => {
    const checks = [sql('Healthy', 12), { name: 'service-bus', status: 'Healthy' as const, durationMs: 8 }];
    expect(judgeService([{ ...healthy, checks }], 1)).toEqual({
      status: 'Healthy',
      checks: [{ name: 'self', status: 'Healthy' }, ...checks],
    });
  });

  it('tells a workload that answers for a broken part from one that is broken itself', () => {
    const explained = judgeService([{ ...unhealthy, checks: [sql('Unhealthy')] }], 1);
    expect(explained).toEqual({ status: 'Unhealthy', checks: [{ name: 'self', status: 'Healthy' }, sql('Unhealthy')] });
    const unexplained = judgeService([{ ...unhealthy, checks: [sql('Healthy')] }], 1);
    expect(unexplained.checks[0]).toEqual({ name: 'self', status: 'Unhealthy' });
  });

  it('takes the worse of what workload and platform call self', () => {
    const checks: CheckResult[] = [{ name: 'self', status: 'Unhealthy', durationMs: 3 }];
    expect(judgeService([{ ...unhealthy, checks }], 1).checks).toEqual(checks);
  });

  it('calls a check Degraded on which replicas differ, and gives the slowest time', () => {
    const looks = [
      { ...healthy, checks: [sql('Healthy', 3)] },
      { ...unhealthy, checks: [sql('Unhealthy', 90)] },
    ];
    expect(judgeService(looks, 2)).toEqual({
      status: 'Degraded',
      checks: [{ name: 'self', status: 'Healthy' }, sql('Degraded', 90)],
    });
  });

  it('is never better than the replicas it has', () => {
    const look = fc.record({ isLive: fc.boolean(), status: fc.constantFrom('healthy', 'unhealthy', 'noData') });
    fc.assert(
      fc.property(fc.array(look as fc.Arbitrary<ReplicaLook>, { maxLength: 8 }), fc.nat(6), (looks, wanted) => {
        const { status } = judgeService(looks, wanted);
        const well = looks.filter((one) => one.status === 'healthy').length;
        if (status === 'Healthy') expect(well).toBeGreaterThanOrEqual(Math.max(1, wanted));
        if (status === 'Unhealthy') expect(well).toBe(0);
        expect(HEALTH_STATUSES).toContain(status);
      }),
    );
  });
});

describe("a workload's answer", () => {
  const answer = (checks: unknown) => checksOfAnswer(JSON.stringify({ status: 'Healthy', checks }));

  it('gives its checks by name, in its order', () => {
    const checks = [{ name: 'sql', status: 'Healthy', durationMs: 12.4, data: { host: 'sql-1' } }, { name: 'disk' }];
    expect(answer(checks)).toEqual([sql('Healthy', 12), { name: 'disk', status: 'Unknown' }]);
  });

  it.each([
    ['ok', 'Healthy'],
    ['UP', 'Healthy'],
    ['pass', 'Healthy'],
    ['warn', 'Degraded'],
    ['Degraded', 'Degraded'],
    ['DOWN', 'Unhealthy'],
    [' unhealthy ', 'Unhealthy'],
    ['has 41, needs 42', 'Unknown'],
    ['constructor', 'Unknown'],
    ['', 'Unknown'],
  ])('may say "%s" for %s', (word, status) => {
    expect(answer([{ name: 'sql', status: word }])).toEqual([{ name: 'sql', status }]);
  });

  it.each([
    '',
    'OK',
    'null',
    '[]',
    '{}',
    '{"checks":{}}',
    '{"checks":[]}',
    '{"checks":[1,null,{"name":""}]}',
    '{"checks":',
  ])('without checks is none: %s', (text) => {
    expect(checksOfAnswer(text)).toBeUndefined();
  });

  it('leaves out times that are none', () => {
    for (const durationMs of [-1, 1e300, '12', null])
      expect(answer([{ ...sql('Healthy'), durationMs }])).toEqual([sql('Healthy')]);
  });

  it('is bounded: names, their characters and their number', () => {
    const many = answer(Array.from({ length: 1_000 }, (_, index) => ({ name: `check-${index}`, status: 'ok' })));
    expect(many).toHaveLength(50);
    expect(answer([{ name: 'a\u0000\u001b[31m\u202e', status: 'ok' }])?.[0]?.name).toBe('a[31m');
    expect(answer([{ name: '\ud83d\ude00'.repeat(400), status: 'ok' }])?.[0]?.name).toBe('\ud83d\ude00'.repeat(100));
    expect(answer([{ name: `${'x'.repeat(199)}\ud83d\ude00`, status: 'ok' }])?.[0]?.name).toBe('x'.repeat(100));
  });
});
