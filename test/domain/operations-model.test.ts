import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS, judgeCommand, type Command, type Commanded } from '../../domain/commands.ts';
import { PHASES, PHASE_TRANSITIONS, isTerminalPhase, phasesBefore, type Phase } from '../../domain/phases.ts';

/** How many sequences; the full count is asked for by `SEQUENCES=100000`. */
const SEQUENCES = Number(process.env.SEQUENCES ?? 5_000);

/** What can befall an operation: a command, or somebody who works on it, or the platform, wants it in a phase. */
type Happening = { command: Command } | { to: Phase } | { step: number | null };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ command: fc.constantFrom(...COMMANDS) }),
  fc.record({ to: fc.constantFrom(...PHASES) }),
  fc.record({ step: fc.option(fc.nat({ max: 3 })) }),
);

interface Model extends Commanded {
  stepsPassed: number;
}

/** As the row does it: commands by their verdict; phases by compare-and-set, forward only while it is not given up. */
function next(model: Model, what: Happening): Model {
  if ('command' in what) {
    const verdict = judgeCommand(what.command, model);
    switch (verdict.verdict) {
      case 'wanted':
        return { ...model, wanted: verdict.wanted };
      case 'promoted':
        return { ...model, stepsPassed: verdict.stepsPassed, step: null };
      case 'canceled':
        return { ...model, phase: 'Canceled' };
      default:
        return model;
    }
  }
  if ('step' in what) {
    const isForward = model.phase === 'RollingOut' || model.phase === 'HealthGating';
    return isForward && (what.step === null || what.step >= model.stepsPassed) ? { ...model, step: what.step } : model;
  }
  const mayFollow = phasesBefore(what.to).includes(model.phase);
  const goesOn = !isTerminalPhase(what.to) && what.to !== 'RollingBack';
  const isHeld = goesOn && model.phase !== 'Requested' && model.wanted !== 'run';
  return mayFollow && !isHeld ? { ...model, phase: what.to } : model;
}

const FORWARD: readonly Phase[] = [
  'Requested',
  'Provisioning',
  'Configuring',
  'RollingOut',
  'HealthGating',
  'Promoting',
];

describe('an operation, whatever befalls it in whatever order', () => {
  it(`takes no way that the table does not have (${SEQUENCES} sequences)`, () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        let model: Model = { kind: 'deploy', phase: 'Requested', wanted: 'run', step: null, stepsPassed: 0 };
        for (const what of happenings) {
          const before = model;
          model = next(before, what);
          const isMove = model.phase !== before.phase;
          if (isMove) expect(PHASE_TRANSITIONS[before.phase]).toContain(model.phase);
          // What has ended stays as it is.
          if (isTerminalPhase(before.phase)) expect(model).toEqual(before);
          // What is given up goes no further forward, and no command brings it back.
          if (before.wanted === 'abort') {
            expect(model.wanted).toBe('abort');
            if (isMove) expect(FORWARD).not.toContain(model.phase);
          }
          // A pause holds it where it is, until it is resumed, given up, or over.
          if (before.wanted === 'pause' && isMove) expect(FORWARD).not.toContain(model.phase);
          // A command by itself moves nothing but what has not begun.
          if ('command' in what && isMove) expect([before.phase, model.phase]).toEqual(['Requested', 'Canceled']);
          // No step is taken back.
          expect(model.stepsPassed).toBeGreaterThanOrEqual(before.stepsPassed);
          // It is always one transition from an end, or already there.
          expect(isTerminalPhase(model.phase) || PHASE_TRANSITIONS[model.phase].includes('Failed')).toBe(true);
        }
      }),
      { numRuns: SEQUENCES },
    );
  });
});
