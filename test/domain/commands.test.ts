import { describe, expect, it } from 'vitest';
import {
  COMMANDS,
  DECISIONS,
  judgeCommand,
  judgeDecision,
  type Command,
  type Commanded,
} from '../../domain/commands.ts';
import { OPERATION_KINDS, PHASES, isTerminalPhase, type Phase } from '../../domain/phases.ts';

const at = (phase: Phase, more: Partial<Commanded> = {}): Commanded => ({
  kind: 'deploy',
  phase,
  wanted: 'run',
  step: null,
  ...more,
});

/** What becomes of a command in one word, or what it makes the row want. */
function answerOf(command: Command, operation: Commanded): string {
  const verdict = judgeCommand(command, operation);
  if (verdict.verdict === 'wanted') return verdict.wanted;
  return verdict.verdict === 'promoted' ? `step ${verdict.stepsPassed}` : verdict.verdict;
}

const NO = 'refused';
/** pause, resume, promote, abort; the decisions beside them are in a table of their own. */
const TABLE: [string, Commanded, [string, string, string, string]][] = [
  ['Requested', at('Requested'), [NO, NO, NO, 'canceled']],
  ['Provisioning', at('Provisioning'), ['pause', 'already', NO, 'abort']],
  ['Configuring', at('Configuring'), ['pause', 'already', NO, 'abort']],
  ['RollingOut', at('RollingOut'), ['pause', 'already', NO, 'abort']],
  ['RollingOut, at a step', at('RollingOut', { step: 1 }), ['pause', 'already', 'step 2', 'abort']],
  ['RollingOut, paused', at('RollingOut', { wanted: 'pause' }), ['already', 'run', NO, 'abort']],
  ['RollingOut, paused at a step', at('RollingOut', { wanted: 'pause', step: 0 }), ['already', 'run', NO, 'abort']],
  ['RollingOut, being aborted', at('RollingOut', { wanted: 'abort', step: 0 }), [NO, NO, NO, 'already']],
  ['HealthGating', at('HealthGating'), ['pause', 'already', NO, 'abort']],
  ['HealthGating, baking', at('HealthGating', { step: 1 }), ['pause', 'already', 'step 2', 'abort']],
  ['Promoting', at('Promoting', { step: 1 }), [NO, NO, NO, NO]],
  ['RollingBack', at('RollingBack', { step: 1 }), [NO, NO, NO, 'already']],
  ...PHASES.filter(isTerminalPhase).map((phase): (typeof TABLE)[number] => [phase, at(phase), [NO, NO, NO, NO]]),
];

describe('a command to a deployment', () => {
  it.each(TABLE)('in %s', (_name, operation, answers) => {
    expect(COMMANDS.map((command) => answerOf(command, operation))).toEqual(answers);
  });

  it('has an answer in every phase that a deployment can be in', () => {
    const of = new Set(TABLE.map(([, { phase }]) => phase));
    const others = ['Decommissioning', 'Scanning'];
    expect(PHASES.filter((phase) => !of.has(phase))).toEqual(others);
  });

  it('says why it is refused, in a sentence', () => {
    for (const [, operation] of TABLE) {
      for (const command of COMMANDS) {
        const verdict = judgeCommand(command, operation);
        if (verdict.verdict === 'refused') expect(verdict.because).toMatch(/^[A-Z].*\.$/);
      }
    }
  });
});

describe('a command to anything else', () => {
  it.each(OPERATION_KINDS.filter((kind) => kind !== 'deploy'))('is refused: %s', (kind) => {
    for (const phase of PHASES) {
      for (const command of COMMANDS) expect(answerOf(command, at(phase, { kind }))).toBe(NO);
    }
  });
});

describe('a decision on an approval', () => {
  const REFUSED = [NO, NO];
  it.each(PHASES)('in %s', (phase) => {
    const answers = (waitsForApproval: boolean) =>
      DECISIONS.map((decision) => judgeDecision(decision, { phase, waitsForApproval }));
    expect(answers(true)).toEqual(phase === 'Requested' ? ['goesOn', 'rejected'] : REFUSED);
    expect(answers(false)).toEqual(REFUSED);
  });
});
