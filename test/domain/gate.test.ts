import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type GatePolicy, type Sample } from '../../domain/gate.ts';

const policy: GatePolicy = {
  replicas: 1,
  healthySamples: 3,
  minHealthySeconds: 5,
  healthyDeadlineSeconds: 20,
  maxRestarts: 3,
};

/** A trace of one replica: `h` healthy, `u` unhealthy, `.` no data, `R` restarted and healthy; one sample a second. */
function trace(text: string, instanceId = 'a'): Sample[] {
  let restarts = 0;
  return [...text].map((mark, second) => {
    if (mark === 'R') restarts += 1;
    return {
      instanceId,
      startedAtMs: restarts,
      restarts,
      atMs: second * 1000,
      status: mark === 'u' ? 'unhealthy' : mark === '.' ? 'noData' : 'healthy',
      evidence: `saw ${mark}`,
    };
  });
}

const verdictAt = (samples: Sample[], second: number, of: Partial<GatePolicy> = {}) =>
  judge(samples, { ...policy, ...of }, 0, second * 1000);

describe('the gate', () => {
  it('is healthy after K healthy samples over at least minHealthySeconds', () => {
    expect(verdictAt(trace('hhhhh'), 4).verdict).toBe('waiting');
    expect(verdictAt(trace('hhhhhh'), 5).verdict).toBe('healthy');
  });

  it('asks for K samples even when the window is long enough', () => {
    const far = trace('hh').map((sample, index) => ({ ...sample, atMs: index * 10_000 }));
    expect(verdictAt(far, 10).verdict).toBe('waiting');
  });

  it('begins the window again after an unhealthy sample', () => {
    expect(verdictAt(trace('hhhhuhhhhh'), 9).verdict).toBe('waiting');
    expect(verdictAt(trace('hhhhuhhhhhh'), 10).verdict).toBe('healthy');
  });

  it('begins the window again after a restart, even when every sample is healthy', () => {
    expect(verdictAt(trace('hhhhhRhhhh'), 9).verdict).toBe('waiting');
    expect(verdictAt(trace('hhhhhRhhhhh'), 10).verdict).toBe('healthy');
  });

  it('never takes a flapping replica for healthy', () => {
    for (const flap of ['hu', 'hhu', 'hhhu', 'hhhhu']) {
      expect(verdictAt(trace(flap.repeat(10).slice(0, 20)), 19).verdict, flap).toBe('waiting');
      expect(verdictAt(trace(flap.repeat(10).slice(0, 21)), 20), flap).toMatchObject({ code: 'HealthGateUnhealthy' });
    }
  });

  it('waits while there is no data, and says so at the deadline', () => {
    expect(verdictAt(trace('.'.repeat(20)), 19).verdict).toBe('waiting');
    expect(verdictAt(trace('.'.repeat(21)), 20)).toMatchObject({ verdict: 'unhealthy', code: 'HealthGateNoData' });
    expect(verdictAt([], 20)).toMatchObject({ verdict: 'unhealthy', code: 'HealthGateNoData' });
  });

  it('reports what the probe saw when the deadline finds it unhealthy', () => {
    expect(verdictAt(trace('u'.repeat(21)), 20)).toMatchObject({ code: 'HealthGateUnhealthy', evidence: 'saw u' });
  });

  it('reports the replica that is worst, not the one that was looked at last', () => {
    const late = (...samples: Sample[]) => verdictAt(samples, 20, { replicas: 2 });
    const fine = trace('h'.repeat(21), 'fine');
    const silent = { code: 'HealthGateUnhealthy', instanceId: 'silent', evidence: 'saw .' };
    expect(late(...trace('.'.repeat(21), 'silent'), ...fine)).toMatchObject(silent);
    const sick = { code: 'HealthGateUnhealthy', instanceId: 'sick', evidence: 'saw u' };
    expect(late(...trace('u'.repeat(21), 'sick'), ...trace('.'.repeat(21), 'silent'))).toMatchObject(sick);
    expect(verdictAt([], 20)).toMatchObject({ instanceId: null, evidence: 'no replica was seen' });
    expect(verdictAt([...fine, ...trace('hRRR', 'looping')], 3)).toMatchObject({ instanceId: 'looping' });
  });

  it('judges a crash loop at once, and only by the restarts it watched', () => {
    expect(verdictAt(trace('hRRR'), 3)).toMatchObject({ verdict: 'unhealthy', code: 'HealthGateCrashLoop' });
    const old = trace('hhhhhh').map((sample) => ({ ...sample, restarts: 40 }));
    expect(verdictAt(old, 5).verdict).toBe('healthy');
  });

  it('needs every replica that it was asked for', () => {
    const both = [...trace('hhhhhhhh', 'a'), ...trace('..hhhhhh', 'b')];
    expect(verdictAt(both, 7, { replicas: 2 }).verdict).toBe('healthy');
    expect(verdictAt([...trace('hhhhhhhh', 'a'), ...trace('...hhhhh', 'b')], 7, { replicas: 2 }).verdict).toBe(
      'waiting',
    );
  });

  it('is healthy with nothing to watch when no replica is wanted', () => {
    expect(verdictAt([], 0, { replicas: 0 }).verdict).toBe('healthy');
  });

  it('agrees with a model that looks for the last unbroken run, on 10,000 random traces', () => {
    const marks = fc.array(fc.constantFrom('h', 'h', 'h', 'u', '.', 'R'), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(marks, (list) => {
        const text = list.join('');
        const restarts = [...text].filter((mark) => mark === 'R').length;
        // The first mark's restart was before the gate watched.
        const watched = restarts - (text.startsWith('R') ? 1 : 0);
        const run = /(?:R|h)?h*$/.exec(text)?.[0] ?? '';
        const ready = run.length >= policy.healthySamples && run.length - 1 >= policy.minHealthySeconds;
        const expected =
          watched >= policy.maxRestarts
            ? 'unhealthy'
            : ready
              ? 'healthy'
              : list.length - 1 >= 20
                ? 'unhealthy'
                : 'waiting';
        expect(verdictAt(trace(text), list.length - 1).verdict).toBe(expected);
      }),
      { numRuns: 10_000 },
    );
  });
});
