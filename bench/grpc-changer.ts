/**
 * Changes the health of a service, for `bench/grpc-server.ts`: in a process of its own, as a worker would be. Before a bare
 * broadcast it changes one that nobody watches, so that both begin on a machine that has just done the same.
 */
import { openDatabase } from '../db/client.ts';
import { latestHealth, recordHealth } from '../db/health.ts';
import type { EnvironmentId } from '../domain/ids.ts';

const [, , url = '', tenantId = '', watched = '', unwatched = ''] = process.argv;
await using db = openDatabase({ url });
let second = 0;

process.on('message', (ask) => void change(ask === 'change' ? watched : unwatched));
await new Promise<void>((resolve) => process.once('disconnect', resolve));

async function change(environmentId: string): Promise<void> {
  const key = { tenantId, environmentId: environmentId as EnvironmentId };
  const at = performance.timeOrigin + performance.now();
  await db.forTenant(tenantId, async (tx) => {
    const status = (await latestHealth(tx, key, 'module-0'))?.status === 'Healthy' ? 'Degraded' : 'Healthy';
    const evaluatedAt = new Date(Date.UTC(2026, 0, 1) + (second += 1) * 1000);
    await recordHealth(tx, key, 'module-0', { status, checks: [], evaluatedAt });
  });
  process.send?.(at);
}
