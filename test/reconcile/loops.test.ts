/** What has to wait for Temporal, or for workers, holds up neither the deadlines nor the rest of its kind. */
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandOperation, type Unheard } from '../../db/commands.ts';
import { newId } from '../../db/new-id.ts';
import { abortedBy } from '../../domain/commands.ts';
import { reconcile } from '../../workflows/reconcile.ts';
import { openReconcileStand, TENANT, type ReconcileStand } from '../_support/reconcile-stand.ts';
import { until } from '../_support/until.ts';

let stand: ReconcileStand;

beforeAll(async () => {
  stand = await openReconcileStand();
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

/** A deployment at work that somebody has paused, of which nobody has heard. */
async function unheard(): Promise<string> {
  const key = await stand.environment();
  const id = await stand.accept(key, 'deploy', 600);
  await stand.claim(key);
  const given = { command: 'pause', commandId: newId('req'), by: 'alice', because: abortedBy('alice', '') } as const;
  await stand.db.forTenant(TENANT, (tx) => commandOperation(tx, key, id, given));
  return id;
}

describe('reconcile, with commands that nobody hears', () => {
  it('tells ten at once and then the others, ends what is late meanwhile, and stops when it is told to', async () => {
    const ids = [];
    for (let n = 0; n < 25; n += 1) ids.push(await unheard());
    const told: string[] = [];
    const heard = Promise.withResolvers<void>();
    const tell = async ({ operationId }: Unheard) => {
      told.push(operationId);
      await heard.promise;
    };
    const stop = new AbortController();
    const running = reconcile(stand.options({ tell, signal: stop.signal, intervalMs: 50 }));
    try {
      await until(() => told.length >= 10, { what: 'ten to be told', timeoutMs: 20_000 });
      for (let n = 0; n < 100; n += 1) await turn();
      expect(told).toHaveLength(10);
      const key = await stand.environment();
      const late = await stand.accept(key, 'provision', -3_600);
      await stand.claim(key);
      await until(async () => (await stand.row(late))?.status === 'Failed', {
        what: 'the late one to be ended',
        timeoutMs: 20_000,
      });
      expect(told).toHaveLength(10);
      stop.abort();
      heard.resolve();
      await running;
    } finally {
      stop.abort();
      heard.resolve();
    }
    expect([...told].sort()).toEqual([...ids].sort());
    expect(stand.errors).toEqual([]);
  });
});
