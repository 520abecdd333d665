/** Changes the health of a service, for `bench/grpc-server.ts`: in a process of its own, as a worker would be. */
import { openDatabase } from '../db/client.ts';
import { latestHealth, recordHealth } from '../db/health.ts';
import type { EnvironmentId } from '../domain/ids.ts';

const [, , url = '', tenantId = '', environmentId = ''] = process.argv;
const key = { tenantId, environmentId: environmentId as EnvironmentId };
await using db = openDatabase({ url });
let second = 0;

process.on('message', () => void change());
await new Promise<void>((resolve) => process.once('disconnect', resolve));

async function change(): Promise<void> {
  const at = performance.timeOrigin + performance.now();
  await db.forTenant(tenantId, async (tx) => {
    const status = (await latestHealth(tx, key, 'module-0'))?.status === 'Healthy' ? 'Degraded' : 'Healthy';
    const evaluatedAt = new Date(Date.UTC(2026, 0, 1) + (second += 1) * 1000);
    await recordHealth(tx, key, 'module-0', { status, checks: [], evaluatedAt });
  });
  process.send?.(at);
}
