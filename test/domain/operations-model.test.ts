import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS, cameTo, judgeCommand, type Command, type Commanded } from '../../domain/commands.ts';
import { PHASES, PHASE_TRANSITIONS, isTerminalPhase, phasesBefore, type Phase } from '../../domain/phases.ts';

/** How many sequences; the full count is asked for by `SEQUENCES=100000`. */
const SEQUENCES = Number(process.env.SEQUENCES ?? 5_000);

/** What can befall an operation: a command, or somebody who works on it, or the platform, wants it in a phase. */
type Happening = { command: Command } | { to: Phase } | { worker: 'looks' | 'comesTo' | 'passes' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ command: fc.constantFrom(...COMMANDS) }),
  fc.record({ to: fc.constantFrom(...PHASES) }),
  fc.record({ worker: fc.constantFrom('looks', 'comesTo', 'passes') }),
);

interface Model extends Commanded {
  stepsPassed: number;
  /** Whoever works on it goes by what it has last seen of the row. */
  worker: { seen: number; stage: number };
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
  if ('worker' in what) return works(model, what.worker);
  const mayFollow = phasesBefore(what.to).includes(model.phase);
  const goesOn = !isTerminalPhase(what.to) && what.to !== 'RollingBack';
  const isHeld = goesOn && model.phase !== 'Requested' && model.wanted !== 'run';
  return mayFollow && !isHeld ? { ...model, phase: what.to } : model;
}

/** As `goThroughStages` does it: stage by stage, past those that it has seen behind the deployment. */
function works(model: Model, does: 'looks' | 'comesTo' | 'passes'): Model {
  const { worker, stepsPassed } = model;
  if (model.phase !== 'RollingOut' && model.phase !== 'HealthGating') return model;
  const stage = Math.max(worker.stage, worker.seen);
  switch (does) {
    case 'looks':
      return { ...model, worker: { ...worker, seen: stepsPassed } };
    case 'comesTo':
      return { ...model, worker: { ...worker, stage }, step: cameTo(stage, model) };
    case 'passes':
      return { ...model, step: null, stepsPassed: stage + 1, worker: { ...worker, stage: stage + 1 } };
  }
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
      // From every phase on the way: few sequences come by chance as far as the last.
      fc.property(fc.constantFrom(...FORWARD), fc.array(happening, { maxLength: 40 }), (phase, happenings) => {
        const worker = { seen: 0, stage: 0 };
        let model: Model = { kind: 'deploy', phase, wanted: 'run', step: null, stepsPassed: 0, worker };
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
          // No step is taken back, and what was promoted does not wait for that again.
          expect(model.stepsPassed).toBeGreaterThanOrEqual(before.stepsPassed);
          if (model.step !== null) expect(model.step).toBeGreaterThanOrEqual(model.stepsPassed);
          // It is always one transition from an end, or already there.
          expect(isTerminalPhase(model.phase) || PHASE_TRANSITIONS[model.phase].includes('Failed')).toBe(true);
        }
      }),
      { numRuns: SEQUENCES },
    );
  });
});
