import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STRATEGIES, freshOf, stagesOf, standing, stepsOf, stepsProblem, type Step } from '../../domain/strategy.ts';

const step = (weightPercent: number, more: Partial<Step> = {}): Step => ({
  weightPercent,
  bakeSeconds: 0,
  promotion: 'gate',
  ...more,
});

describe('the stages of a strategy', () => {
  it.each(STRATEGIES)('of %s are right by default, and end with all of the traffic', (strategy) => {
    const steps = stepsOf(strategy, undefined);
    expect(stepsProblem(strategy, steps)).toBeNull();
    expect(stagesOf(strategy, steps).at(-1)).toMatchObject({ weightPercent: 100, replicasPercent: 100 });
  });

  it('are those that were asked for, each with its share of the replicas', () => {
    const stages = stagesOf('Canary', [step(5), step(50, { bakeSeconds: 30, promotion: 'command' })]);
    expect(stages.map(({ weightPercent, replicasPercent }) => [weightPercent, replicasPercent])).toEqual([
      [5, 5],
      [50, 50],
      [100, 100],
    ]);
    expect(stages[1]).toMatchObject({ bakeSeconds: 30, promotion: 'command' });
  });

  it('show nothing of a preview to anybody, and all of it at once', () => {
    const [preview, whole] = stagesOf('BlueGreen', stepsOf('BlueGreen', undefined));
    expect(preview && standing(preview, 4, 4, 4)).toEqual({ old: 4, weight: null });
    expect(whole && standing(whole, 4, 4, 4)).toEqual({ old: 4, weight: 100 });
  });

  it.each([
    ['RollingHealthGated', [step(50)], 0],
    ['Canary', [], 0],
    ['Canary', [step(0)], 0],
    ['Canary', [step(20), step(20)], 1],
    ['Canary', [step(20), step(10)], 1],
    ['BlueGreen', [], 0],
    ['BlueGreen', [step(10)], 0],
    ['BlueGreen', [step(0), step(0)], 0],
  ] as const)('of %s are not %j', (strategy, steps, at) => {
    expect(stepsProblem(strategy, steps)?.at).toBe(at);
  });
});

describe('a component on its way', () => {
  const ways = fc.record({
    strategy: fc.constantFrom(...STRATEGIES),
    weights: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 5 }),
    wanted: fc.integer({ min: 1, max: 12 }),
    live: fc.integer({ min: 0, max: 12 }),
  });

  it('never has fewer replicas than before, nor gets traffic before its stage has come', () => {
    fc.assert(
      fc.property(ways, ({ strategy, weights, wanted, live }) => {
        const steps = strategy === 'Canary' ? weights.sort((a, b) => a - b).map((weight) => step(weight)) : undefined;
        let shown = 0;
        for (const stage of stagesOf(strategy, stepsOf(strategy, steps))) {
          const most = freshOf(stage, wanted);
          expect(most).toBeGreaterThanOrEqual(1);
          for (let fresh = 1; fresh <= most; fresh += 1) {
            const { old, weight } = standing(stage, fresh, wanted, live);
            if (fresh < wanted) expect(fresh + old).toBeGreaterThanOrEqual(Math.min(live, fresh + live));
            if (!stage.replaces) expect(old).toBe(live);
            if (!stage.replaces && fresh < most) expect(weight).toBeNull();
            // Its share only grows.
            expect(weight ?? shown).toBeGreaterThanOrEqual(stage.replaces ? 0 : shown);
            if (!stage.replaces) shown = weight ?? shown;
          }
        }
      }),
    );
  });
});
