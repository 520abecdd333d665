import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandActivities } from '../../activities/command.ts';
import { findDeployment } from '../../db/deployments.ts';
import { findOperation } from '../../db/operations.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { deploymentAt, readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

describe('an abort that an operator gives at the Temporal UI', () => {
  it.each([
    ['characters that no row takes', 'not \u0000 now\ud83d', 'temporal-operator aborted it: not  now'],
    ['no text at all', 7, 'temporal-operator aborted it.'],
  ])('is given whatever its reason is: %s', async (_what, reason, message) => {
    const key = await readyEnvironment(stand);
    const id = await deploymentAt(stand, key, 'RollingOut');
    const read = <T>(look: Parameters<typeof stand.db.forTenant<T>>[1]) => stand.db.forTenant(key.tenantId, look);
    const operationId = (await read((tx) => findDeployment(tx, key.tenantId, id)))?.operationId ?? 'op-none';
    const { hearCommand } = commandActivities(stand.db);
    const given = { ...key, operationId, command: 'abort' as const, reason: reason as string };
    await new MockActivityEnvironment().run(() => hearCommand(given));
    expect(await read((tx) => findOperation(tx, key.tenantId, operationId))).toMatchObject({
      wanted: 'abort',
      wantedBecause: { code: 'OperationAborted', message },
    });
  });
});
