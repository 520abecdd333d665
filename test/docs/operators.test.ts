import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../_support/api.ts';
import { bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

/** What the answer to each question has to show, when the platform is as `beforeAll` leaves it. */
const ANSWERS: Record<number, (found: Found) => (string | RegExp)[]> = {
  1: ({ operation }) => [operation],
  2: ({ operation, failed }) => [operation, failed],
  3: () => ['waits', 'resume'],
  4: ({ operation }) => [operation, 'Pending Activities'],
  5: () => ['HealthGateUnhealthy'],
  6: ({ failed }) => [failed],
  7: () => [/"?wanted"?: ?"?pause/, /"?wanted"?: ?"?run/],
  8: () => [],
  9: () => ['Pollers', 'workflow', 'activity'],
  10: () => ['sweep/health'],
  11: () => ['0'],
};

interface Found {
  operation: string;
  failed: string;
}

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;
let paused: string;
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
  paused = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2', 2) });
  await operator.reached(paused, 'begun to roll', ({ status }) => status === 'RollingOut');
  await operator.command(paused, 'pause');
  const { operationId } = await operator.reached(paused, 'stopped', ({ waitingOn }) => waitingOn?.kind === 'pause');
  found = { operation: operationId, failed: refused.operationId };
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
const run = async (block: string) => {
  const { all } = await execa('bash', ['-euc', block], { env, all: true, reject: false });
  return all;
};

describe("the operators' guide", () => {
  it('asks what the test knows an answer to', () => {
    expect(questions.map(({ number }) => number)).toEqual(Object.keys(ANSWERS).map(Number));
  });

  // The one that ends the operation comes last.
  const order = [...questions].sort((a, b) => Number(a.number === 8) - Number(b.number === 8));
  it.each(order)('answers $number: $question', async ({ number, block }) => {
    // Lists are eventually consistent.
    const isAnswer = (said: string) =>
      (ANSWERS[number]?.(found) ?? []).every((words) =>
        typeof words === 'string' ? said.includes(words) : words.test(said),
      );
    let said = '';
    if (number === 7 || number === 8) {
      said = await run(block);
    } else {
      await until(async () => isAnswer((said = await run(block))), {
        what: `an answer to ${number}`,
        timeoutMs: 20_000,
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${said}`);
      });
    }
    expect(isAnswer(said), said).toBe(true);
    if (number === 8) {
      expect(await operator.ended(paused)).toMatchObject({
        failure: { code: 'OperationTerminated', message: 'the registry is gone for good' },
      });
    }
  });
});
