import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandActivities, type CommandInput } from '../../activities/command.ts';
import { noteStep, stopHere } from '../../activities/stages.ts';
import { commandOperation } from '../../db/commands.ts';
import { findDeployment } from '../../db/deployments.ts';
import { claimFence } from '../../db/environments.ts';
import { newId } from '../../db/new-id.ts';
import { findOperation } from '../../db/operations.ts';
import { abortedBy } from '../../domain/commands.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { deploymentAt, readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

const deploymentOf = ({ tenantId }: EnvironmentKey, id: DeploymentId) =>
  stand.db.forTenant(tenantId, (tx) => findDeployment(tx, tenantId, id));

/** A deployment that is at its first step. */
async function atStep() {
  const key = await readyEnvironment(stand);
  const id = await deploymentAt(stand, key, 'RollingOut', 0);
  return { key, id, input: { ...key, operationId: (await deploymentOf(key, id))?.operationId ?? 'op-none' } };
}

const hear = async (input: CommandInput): Promise<unknown> =>
  await new MockActivityEnvironment().run(() => commandActivities(stand.db).hearCommand(input));

describe('a promotion', () => {
  it('is not lost on an attempt that comes to the step after it', async () => {
    const { key, id, input } = await atStep();
    const given = {
      command: 'promote',
      commandId: newId('req'),
      by: 'alice',
      because: abortedBy('alice', ''),
    } as const;
    await stand.db.forTenant(key.tenantId, (tx) => commandOperation(tx, key, input.operationId, given));
    const fence = await stand.db.forTenant(key.tenantId, (tx) => claimFence(tx, key));
    const attempt = { fence, signal: new AbortController().signal, check: async () => {}, pause: async () => {} };
    await noteStep(stand.db, input, attempt, { step: 0 });
    expect(await deploymentOf(key, id)).toMatchObject({ step: null, stepsPassed: 1 });
    expect(await stopHere(stand.db, input, attempt, 'promote')).toBeNull();
  });
});

describe('a command that an operator gives at the Temporal UI', () => {
  const receiptsOf = async ({ environmentId }: EnvironmentKey) => {
    const { body } = await stand.call('GET', `/v1/runtime/audit?environmentId=${environmentId}&limit=200`);
    return (body.items as { route: string }[]).filter(({ route }) => route.startsWith('temporal/'));
  };

  it('is carried out once, however often its Update is, with one receipt and one answer', async () => {
    const { key, id, input } = await atStep();
    const promote = { ...input, command: 'promote', updateId: 'of-the-update' } as const;
    const first = await hear(promote);
    expect(await hear(promote)).toEqual(first);
    expect(await deploymentOf(key, id)).toMatchObject({ step: null, stepsPassed: 1 });
    expect(await receiptsOf(key)).toHaveLength(1);
  });

  it('is one of its own for each Update of each deployment', async () => {
    const [one, other] = [await atStep(), await atStep()];
    for (const { key, input } of [one, other]) {
      await hear({ ...input, command: 'pause', updateId: 'first' });
      await hear({ ...input, command: 'resume', updateId: 'second' });
      expect(await hear({ ...input, command: 'pause', updateId: 'third' })).toMatchObject({ wanted: 'pause' });
      expect(await receiptsOf(key)).toHaveLength(3);
    }
  });
});

describe('an abort that an operator gives at the Temporal UI', () => {
  it.each([
    ['characters that no row takes', 'not \u0000 now\ud83d', 'temporal-operator aborted it: not  now'],
    ['no text at all', 7, 'temporal-operator aborted it.'],
  ])('is given whatever its reason is: %s', async (_what, reason, message) => {
    const { key, input } = await atStep();
    await hear({ ...input, command: 'abort', reason: reason as string, updateId: 'one' });
    expect(
      await stand.db.forTenant(key.tenantId, (tx) => findOperation(tx, key.tenantId, input.operationId)),
    ).toMatchObject({ wanted: 'abort', wantedBecause: { code: 'OperationAborted', message } });
  });
});
