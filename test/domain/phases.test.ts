import { describe, expect, it } from 'vitest';
import { PHASES, PHASE_TRANSITIONS, isTerminalPhase, phasesBefore, statusOfPhase } from '../../domain/phases.ts';
import { standIn } from '../../domain/rollout.ts';

describe('phases', () => {
  it('reach a terminal phase from everywhere, and leave none of them', () => {
    for (const phase of PHASES) {
      const seen = new Set([phase]);
      for (const from of seen) for (const to of PHASE_TRANSITIONS[from]) seen.add(to);
      expect([...seen].some(isTerminalPhase), phase).toBe(true);
      if (isTerminalPhase(phase)) expect(PHASE_TRANSITIONS[phase]).toEqual([]);
    }
  });

  it('can fail from every phase that is not terminal, so that an operation can always be ended', () => {
    expect(phasesBefore('Failed').sort()).toEqual(PHASES.filter((phase) => !isTerminalPhase(phase)).sort());
  });

  it('are Updating exactly while work is under way', () => {
    const terminal = ['Succeeded', 'Failed', 'Canceled'];
    for (const phase of PHASES) expect(terminal.includes(statusOfPhase(phase)), phase).toBe(isTerminalPhase(phase));
  });
});

describe('a rolling update', () => {
  it('never has fewer healthy replicas than before, and ends with none of the old', () => {
    for (let wanted = 1; wanted <= 8; wanted += 1) {
      for (let live = 0; live <= 8; live += 1) {
        for (let fresh = 1; fresh <= wanted; fresh += 1) {
          const { old, weight } = standIn(fresh, wanted, live);
          if (fresh < wanted && live > fresh) expect(fresh + old).toBe(live);
          expect(weight).toBeGreaterThan(0);
          if (fresh === wanted) expect({ old, weight }).toEqual({ old: 0, weight: 100 });
        }
      }
    }
  });
});
