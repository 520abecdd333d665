import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt } from '../../activities/attempt.ts';
import { stackActivities } from '../../activities/stack.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { endOperation, findOperation, setWaitingOn } from '../../db/operations.ts';
import { OperationFault } from '../../domain/failures.ts';
import type { OperationKey } from '../../domain/ids.ts';
import type { ComputeTarget } from '../../providers/compute/port.ts';
import type { StackEngine, StackSpec } from '../../providers/stacks/port.ts';
import { attemptOf as attemptIn, claimedOperation } from '../_support/claimed-operation.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';

let platform: TestPlatform;
let db: Database;

beforeAll(async () => {
  platform = await openTestPlatform({ parts: ['postgres'] });
  await migrateDatabase(platform.config.databaseUrl);
  db = openDatabase({ url: platform.config.databaseUrl });
});
afterAll(async () => {
  await db?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const claimed = () => claimedOperation(db);
const attemptOf = <T>(of: OperationKey, work: (attempt: Attempt) => Promise<T>): Promise<T> => attemptIn(db, of, work);

describe('the fence', () => {
  it('rises with every attempt, also across 50 at once', async () => {
    const of = await claimed();
    const fences = await Promise.all(
      Array.from({ length: 50 }, () => attemptOf(of, ({ fence }) => Promise.resolve(fence))),
    );
    expect(new Set(fences).size).toBe(50);
    const next = await attemptOf(of, ({ fence }) => Promise.resolve(fence));
    expect(next).toBeGreaterThan(Math.max(...fences));
  });

  it('stops an attempt that a later one has overtaken, right before its next provider call', async () => {
    const of = await claimed();
    const overtaken = attemptOf(of, async (attempt) => {
      await attempt.check();
      await attemptOf(of, (later) => later.check());
      await attempt.check();
    });
    await expect(overtaken).rejects.toMatchObject({ type: 'FenceRefused' });
  });

  it('keeps an attempt that was overtaken from saying what the operation waits for', async () => {
    const of = await claimed();
    const waitsFor = async () =>
      (await db.forTenant(of.tenantId, (tx) => findOperation(tx, of.tenantId, of.operationId)))?.waitingOn ?? null;
    const away = () =>
      Promise.reject(new OperationFault({ code: 'ComputeUnavailable', message: 'The target is away.' }));
    await expect(attemptOf(of, away)).rejects.toMatchObject({ type: 'ComputeUnavailable' });
    expect(await waitsFor()).toMatchObject({ kind: 'platform', reference: 'ComputeUnavailable' });
    await db.forTenant(of.tenantId, (tx) => setWaitingOn(tx, of.tenantId, of.operationId, null));
    const overtaken = attemptOf(of, async () => {
      await attemptOf(of, (later) => later.check());
      return await away();
    });
    await expect(overtaken).rejects.toMatchObject({ type: 'ComputeUnavailable' });
    expect(await waitsFor()).toBeNull();
  });

  it('stops an attempt whose operation somebody else has ended, right before its next provider call', async () => {
    const of = await claimed();
    const fencedOff = attemptOf(of, async (attempt) => {
      await attempt.check();
      await db.forTenant(of.tenantId, (tx) => endOperation(tx, of, of.operationId, { phase: 'Failed' }));
      await attempt.check();
    });
    await expect(fencedOff).rejects.toMatchObject({ type: 'FenceRefused' });
  });

  it('lets nobody work for an operation that has ended', async () => {
    const of = await claimed();
    await db.forTenant(of.tenantId, (tx) => endOperation(tx, of, of.operationId, { phase: 'Failed' }));
    await expect(attemptOf(of, () => Promise.resolve())).rejects.toMatchObject({
      type: 'OperationLost',
      nonRetryable: true,
    });
  });
});

describe('the stack of a failed provision', () => {
  it('is removed once, for its name may be of another environment when the step is done again', async () => {
    const { operationId, ...key } = await claimed();
    const failure = { code: 'StackFailed' as const, message: 'It did not come up.' };
    const ending = { phase: 'Failed' as const, failure };
    await db.forTenant(key.tenantId, (tx) => endOperation(tx, key, operationId, ending));
    const destroyed: string[] = [];
    const destroy = (spec: StackSpec) => Promise.resolve(void destroyed.push(spec.stackName));
    const { removeStack } = stackActivities(db, { destroy } as unknown as StackEngine, {} as ComputeTarget);
    for (let time = 1; time <= 2; time += 1) await new MockActivityEnvironment().run(() => removeStack(key));
    expect(destroyed).toEqual([key.environmentId]);
  });
});
