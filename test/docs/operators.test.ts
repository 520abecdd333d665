import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../_support/api.ts';
import { bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

/** What the answer to each question has to show, when the platform is as `beforeAll` leaves it, or `BEFORE` makes it. */
const ANSWERS: Record<number, (found: Found) => (string | RegExp)[]> = {
  1: ({ operation }) => [operation],
  2: ({ operation, failed }) => [operation, failed],
  3: () => ['waits', 'resume'],
  4: () => ['watchGate', /Attempt\s+1\b/],
  5: () => ['HealthGateUnhealthy'],
  6: ({ failed }) => [failed],
  7: () => [/"?wanted"?: ?"?pause/, /"?wanted"?: ?"?run/],
  8: () => [],
  // Workflows and activities of the one queue, activities of the two others.
  9: ({ worker }) => ['workflow', 'activity', new RegExp(`(${worker}@[^]*){4}`)],
  10: () => ['sweep/health'],
  11: () => [/^0$/m],
};

/** What is done before a question is asked. */
const BEFORE: Record<number, () => Promise<unknown>> = {
  3: async () => {
    await operator.command(watched, 'pause');
    await operator.reached(watched, 'stopped', ({ waitingOn }) => waitingOn?.kind === 'pause');
  },
  4: () => operator.command(watched, 'resume'),
};

interface Found {
  /** The process. */
  worker: number;
  operation: string;
  failed: string;
}

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;
/** A deployment that is watched under all of the traffic. */
let watched: string;
let found: Found;
let env: Record<string, string>;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('questions');
  const components = bothAt('1.4.1', 2);
  expect((await operator.ended(await operator.deploy({ environmentId, version: '1.4.1', components }))).status).toBe(
    'Completed',
  );
  const rollout = { healthyDeadlineSeconds: 3 };
  const refused = await operator.ended(await operator.deploy({ environmentId, version: '1.5.0', rollout }));
  const bakes = { bakeSeconds: 400 };
  watched = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2), rollout: bakes });
  const { operationId } = await operator.reached(
    watched,
    'come to its bake',
    ({ status }) => status === 'HealthGating',
  );
  const { pid = 0 } = platform.platform.children.worker ?? {};
  found = { worker: pid, operation: operationId, failed: refused.operationId };
  const { SLIPWAY_TEMPORAL_BIN = 'temporal', PATH = '' } = process.env;
  const { address, namespace } = platform.config.temporal;
  env = {
    ...{ PATH: `${dirname(SLIPWAY_TEMPORAL_BIN)}:${PATH}`, HOME: platform.home },
    ...{ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
    ...{ ENVIRONMENT: environmentId, OPERATION: operationId, FAILED: found.failed, HANGING: operationId },
    YESTERDAY: new Date(Date.now() - 86_400_000).toISOString(),
  };
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

const questions = [
  ...readFileSync(join(ROOT, 'docs', 'operators.md'), 'utf8').matchAll(/^## (\d+)\. (.*?)$.*?```sh\n(.*?)```/gms),
].map(([, number, question, block]) => ({ number: Number(number), question, block: block ?? '' }));

/** Its failures show in what it says. */
const run = async (block: string, other: Record<string, string> = {}) => {
  const { all } = await execa('bash', ['-euc', block], { env: { ...env, ...other }, all: true, reject: false });
  return all;
};

const isAnswer = (number: number, said: string) =>
  (ANSWERS[number]?.(found) ?? []).every((words) =>
    typeof words === 'string' ? said.includes(words) : words.test(said),
  );

describe("the operators' guide", () => {
  it('asks what the test knows an answer to', () => {
    expect(questions.map(({ number }) => number)).toEqual(Object.keys(ANSWERS).map(Number));
  });

  it.each(questions.filter(({ block }) => /\$(OPERATION|FAILED)/.test(block)))(
    'has no such answer about an operation that is not there, to $number: $question',
    async ({ number, block }) => {
      const said = await run(block, { OPERATION: 'op-of-nobody', FAILED: 'op-of-nobody' });
      expect(isAnswer(number, said), said).toBe(false);
    },
  );

  // The one that ends the operation comes last.
  const order = [...questions].sort((a, b) => Number(a.number === 8) - Number(b.number === 8));
  it.each(order)('answers $number: $question', async ({ number, block }) => {
    await BEFORE[number]?.();
    let said = '';
    if (number === 7 || number === 8) {
      said = await run(block);
    } else {
      // Lists are eventually consistent.
      await until(async () => isAnswer(number, (said = await run(block))), {
        what: `an answer to ${number}`,
        timeoutMs: 20_000,
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${said}`);
      });
    }
    expect(isAnswer(number, said), said).toBe(true);
    if (number === 8) {
      expect(await operator.ended(watched)).toMatchObject({
        failure: { code: 'OperationTerminated', message: 'the registry is gone for good' },
      });
    }
  });
});
