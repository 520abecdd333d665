import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDataConverter } from '../../bin/data-converter.ts';
import { workflowBundle } from '../../bin/workflow-bundle.ts';
import { readHistory, recordedHistories } from '../fixtures/states.ts';
import { oneKey, writePayloadKeys } from '../_support/payload-keys.ts';
import { installQuietRuntime } from '../_support/quiet-runtime.ts';

let folder: string;
let plain: ReplayWorkerOptions;
/** As where payloads are encrypted from some day on, and these histories are of the time before. */
let isPrivate: ReplayWorkerOptions;

beforeAll(async () => {
  installQuietRuntime();
  folder = mkdtempSync(join(tmpdir(), 'slr-'));
  const env = { SLIPWAY_PAYLOAD_KEYS_FILE: writePayloadKeys(join(folder, 'keys.json'), oneKey('one')) };
  plain = await optionsOf(undefined);
  isPrivate = await optionsOf(await readDataConverter(env));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

type History = ReturnType<typeof readHistory>;

async function optionsOf(dataConverter: DataConverter | undefined): Promise<ReplayWorkerOptions> {
  return { workflowBundle: { codePath: await workflowBundle(folder, { dataConverter }) }, dataConverter };
}

async function replay(history: History, options = plain): Promise<void> {
  const { workflowId } = history.events?.[0]?.workflowExecutionStartedEventAttributes ?? {};
  await Worker.runReplayHistory(options, history, workflowId ?? undefined);
}

const recorded = recordedHistories();

describe('the present workflow code', () => {
  it.each(recorded.map((one) => [one.workflow, one.case, one.state, one] as const))(
    'takes up a %s of the case %s in %s, with and without encrypted payloads',
    async (_workflow, _case, _state, one) => {
      await replay(readHistory(one));
      await replay(readHistory(one), isPrivate);
    },
  );
});

describe('a replay', () => {
  it('refuses a history that the code could not have made', async () => {
    const one = recorded.find(({ workflow, ...its }) => workflow === 'deploy' && its.case === 'completed-update');
    if (!one) throw new Error('no deployment was recorded');
    const history = readHistory(one);
    for (const { activityTaskScheduledEventAttributes: scheduled } of history.events ?? []) {
      if (scheduled?.activityType?.name === 'rollOut') scheduled.activityType.name = 'somethingElse';
    }
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });
});
