/** What an operation's failure tells that only its row knows, or a look at what is there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainActivities } from '../../activities/explain.ts';
import { operationActivities } from '../../activities/operation.ts';
import { stackActivities } from '../../activities/stack.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { migrateDatabase } from '../../db/migrate.ts';
import { findOperation } from '../../db/operations.ts';
import { OperationFault, type Failure } from '../../domain/failures.ts';
import type { OperationKey } from '../../domain/ids.ts';
import type { StackEngine } from '../../providers/stacks/port.ts';
import { asActivity, attemptOf, claimedOperation } from '../_support/claimed-operation.ts';
import { startComputePlatform, type ComputePlatform } from '../_support/compute-platform.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';

const LATE: Failure = { code: 'ProgressDeadlineExceeded', message: 'It was not through in time.' };

let platform: TestPlatform;
let machine: ComputePlatform;
let db: Database;

beforeAll(async () => {
  [platform, machine] = await Promise.all([openTestPlatform({ parts: ['postgres'] }), startComputePlatform()]);
  await migrateDatabase(platform.config.databaseUrl);
  db = openDatabase({ url: platform.config.databaseUrl });
});
afterAll(async () => {
  await db?.[Symbol.asyncDispose]();
  await machine?.stop();
  await platform?.[Symbol.asyncDispose]();
});

const rowOf = async ({ tenantId, operationId }: OperationKey) =>
  await db.forTenant(tenantId, (tx) => findOperation(tx, tenantId, operationId));
const explain = (of: OperationKey, failure: Failure) =>
  asActivity(() => explainActivities(db, machine.compute).explain({ ...of, failure }));
const end = (of: OperationKey, failure: Failure) =>
  asActivity(() => operationActivities(db).end({ ...of, phase: 'Failed', failure }));
const fails = async (of: OperationKey, error: Error) =>
  await attemptOf(db, of, () => Promise.reject(error)).catch(() => undefined);

describe('what an operation ends with', () => {
  it('is told whole to the workflow, once: looked at before, it says no more when it ends', async () => {
    const of = await claimedOperation(db);
    const lines = ['error: no space left'];
    await fails(
      of,
      new OperationFault({ code: 'StackFailed', message: 'There is no space left', lastLogLines: lines }),
    );
    const told = await explain(of, LATE);
    expect(told).toEqual({
      ...{ code: LATE.code, heldBy: 'StackFailed', lastLogLines: lines, traceId: 'trace-1' },
      message: 'It was not through in time. It was held by StackFailed: There is no space left.',
    });
    expect(await end(of, told)).toEqual(told);
    expect((await rowOf(of))?.failure).toEqual(told);
  });

  it('names a defect that was waited out, and nothing that the defect itself has said', async () => {
    const of = await claimedOperation(db);
    await fails(of, new TypeError('cannot read properties of hunter2'));
    expect((await rowOf(of))?.waitingOn).toMatchObject({ kind: 'platform', reference: 'InternalFault' });
    const told = await end(of, LATE);
    expect(told).toMatchObject({ heldBy: 'InternalFault', message: expect.stringContaining('inside the platform') });
    expect(JSON.stringify(await rowOf(of))).not.toContain('hunter2');
  });

  it('says what it was held by last, and since when it was held', async () => {
    const of = await claimedOperation(db);
    await fails(of, new OperationFault({ code: 'StackFailed', message: 'The first reason.' }));
    const since = (await rowOf(of))?.waitingOn?.since;
    await fails(of, new OperationFault({ code: 'StackFailed', message: 'The second reason.' }));
    expect((await rowOf(of))?.waitingOn).toMatchObject({ since, failure: { message: 'The second reason.' } });
  });

  it('is what somebody else ended it with, when that was faster', async () => {
    const of = await claimedOperation(db);
    const first = await end(of, { code: 'OperationTerminated', message: 'by hand' });
    expect(await end(of, LATE)).toEqual(first);
  });
});

describe('what is left of an environment', () => {
  it('is named while its decommission waits for it to go, and when it gives up', async () => {
    // One that has failed has no stack: the engine is not asked.
    const noEngine = {} as StackEngine;
    const of = await claimedOperation(db, { kind: 'decommission', status: 'Failed' });
    const workload = { tenantId: of.tenantId, environmentId: of.environmentId, serviceId: 'left-behind' };
    await machine.compute.ensure(await machine.spec({ workload }), Date.now());
    const { decommissionStack, endBlocked } = stackActivities(db, noEngine, machine.compute);
    const leftovers = [{ kind: 'service', name: 'left-behind' }];
    await expect(asActivity(() => decommissionStack(of))).rejects.toMatchObject({
      ...{ type: 'LeftoversRemain', details: [{ leftovers }] },
    });
    expect((await rowOf(of))?.waitingOn).toMatchObject({ reference: 'LeftoversRemain', failure: { leftovers } });
    const told = await asActivity(() => endBlocked({ ...of, failure: LATE }));
    expect(told).toMatchObject({ code: LATE.code, heldBy: 'LeftoversRemain', leftovers, traceId: 'trace-1' });
    expect(told.message).toContain('Still there: service left-behind.');
    await machine.compute.retire(workload, 'r1.4.1', Date.now());
  });
});
