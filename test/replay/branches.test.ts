/** That there is a recorded history of every way that the workflows have. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from '../../bin/workflow-bundle.ts';
import { CASES, LANE_DEEDS, SWEEPS } from '../fixtures/cases.ts';
import { readHistory, recordedHistories, recordedStates } from '../fixtures/states.ts';
import { installQuietRuntime } from '../_support/quiet-runtime.ts';
import { stretchesNotRun } from '../_support/replayed-lines.ts';

const newest = recordedStates().at(-1);
const recorded = recordedHistories();
const casesOf = (name: string) =>
  recorded.flatMap(({ state, workflow, ...its }) => (state === newest && workflow === name ? [its.case] : [])).sort();

/** Where code begins that no history comes by, and why none can. */
const NOT_REPLAYED = {
  'commands.ts: validator: ({ commandId }: Told = {}) => {': 'a replay does not judge an accepted Update again',
  'deploy.ts: const bell = openBell(input, () => phase);': 'asked by that judgement alone',
  'deadline.ts: throw error;': 'a timer fails of nothing but its cancellation',
  'lane.ts: if (!isExpected(error)) throw error;': 'a lane that is cancelled in the very task that begins a child',
  "deploy.ts: if (begun.phase === 'RollingBack') throw asWorkflowFailure(await goBack(run, begun.failure ?? UNKNOWN));":
    'every way into RollingBack notes its reason',
  'failures.ts: return detailsOf(cause.cause) ?? DEADLINE;': 'the SDK reads no cause of a time-out (1.24)',
  'failures.ts: const detail: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : null;':
    'the SDK reads no details as a list without any',
  'messages.ts: export function laneAttributes(key: EnvironmentKey): TypedSearchAttributes {': 'for clients',
  'messages.ts: export function sweepAttributes(): TypedSearchAttributes {': 'for clients',
};

/** What has come since the newest state was recorded: the next one comes by it, and then it goes from here. */
const NEWER = [
  "commands.ts: const { id: updateId = '' } = currentUpdateInfo() ?? {};",
  'deadline.ts: if ((await Promise.race([finished, sleep(STOP_MS).then(() => false)])) && patched(LATE_END)) return;',
  "decommission.ts: async () => (await end({ ...input, phase: 'Failed', failure })) ?? failure,",
  'deploy.ts: const failure = patched(EXPLAINED) ? await explain({ ...input, failure: cause }).catch(() => cause) : cause;',
  'deploy.ts: const told = (await end({ ...run.input, phase, failure })) ?? failure;',
  'deploy.ts: return told ?? both;',
  'deploy.ts: return told ?? failure;',
  'drift-scan.ts: throw asWorkflowFailure(told ?? failure);',
  "provision.ts: const ended = (await end({ ...input, phase: 'Failed', failure, convergeReason })) ?? failure;",
  'shown-phase.ts: if (patched(EVERY_PHASE)) upsertSearchAttributes([{ key: attributes.phase, value: phase }]);',
];

describe('the newest recorded state', () => {
  it.each(Object.entries(CASES))('has every case of a %s', (workflow, cases) => {
    expect(casesOf(workflow)).toEqual(Object.keys(cases).sort());
  });

  it('has every way in which a run of a sweep ends', () => {
    expect(casesOf('sweep')).toEqual(expect.arrayContaining(SWEEPS));
  });

  it.each(Object.keys(LANE_DEEDS))('has a lane that %s', (deed) => {
    expect(casesOf('lane').flatMap((name) => name.split('+'))).toContain(deed);
  });
});

describe('the code of the workflows', () => {
  let folder: string;

  beforeAll(() => {
    installQuietRuntime();
    folder = mkdtempSync(join(tmpdir(), 'slr-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is all come by when the recorded histories are replayed, but for what none can come by', async () => {
    const codePath = await workflowBundle(folder);
    const histories = recorded.map((one) => {
      const history = readHistory(one);
      const { workflowId } = history.events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
      return { workflowId: workflowId ?? '', history };
    });
    const missed = await stretchesNotRun(codePath, async () => {
      for await (const { error } of Worker.runReplayHistories({ workflowBundle: { codePath } }, histories)) {
        if (error) throw error;
      }
    });
    expect(missed.sort()).toEqual([...Object.keys(NOT_REPLAYED), ...NEWER].sort());
  });
});
