/** Whether what the rows say and what there is are the same. */
import { isDeepStrictEqual } from 'node:util';
import { and, eq, ne, sql } from 'drizzle-orm';
import { expect } from 'vitest';
import type { Database } from '../../db/client.ts';
import { findEnvironment } from '../../db/environments.ts';
import { operations } from '../../db/schema/index.ts';
import { readSnapshot } from '../../db/snapshots.ts';
import type { EnvironmentId } from '../../domain/ids.ts';
import type { ComputeTarget } from '../../providers/compute/port.ts';
import { until } from '../_support/until.ts';

export const TENANT = 'connectsoft';

export interface Ends {
  id: string;
  status: string;
  code: string | null;
}

/** Every operation but those that made an environment. */
export async function endsOf(db: Database): Promise<Ends[]> {
  return await db.forTenant(TENANT, (tx) =>
    tx
      .select({
        id: operations.id,
        status: operations.status,
        code: sql<string | null>`${operations.failure} ->> 'code'`,
      })
      .from(operations)
      .where(and(eq(operations.tenantId, TENANT), ne(operations.kind, 'provision'))),
  );
}

/** Waits until no operation is open. */
export async function allEnded(db: Database): Promise<Ends[]> {
  const areEnded = async () => {
    const all = await endsOf(db);
    return all.every(({ status }) => status !== 'Accepted' && status !== 'Updating') && all;
  };
  return await until(areEnded, { what: 'every operation to end', timeoutMs: 240_000, everyMs: 200 });
}

/** What should run in the environment and what does, once they are the same or have had their time to be. */
export async function expectAgreement(db: Database, compute: ComputeTarget, id: string): Promise<void> {
  const key = { tenantId: TENANT, environmentId: id as EnvironmentId };
  const wanted = async () =>
    await db.forTenant(TENANT, async (tx) => {
      const environment = await findEnvironment(tx, key);
      const { services } = await readSnapshot(tx, TENANT, environment?.liveSnapshotId ?? null);
      const running = Object.values(services).map(({ serviceId, revision, digest, replicas }) => ({
        ...{ serviceId, revisions: [{ revision, digest, replicas }], traffic: { [revision]: 100 } },
      }));
      return { status: environment?.status, convergeReason: environment?.convergeReason, running };
    });
  const there = async () =>
    (await compute.observe(key)).map(({ serviceId, revisions, traffic }) => ({
      serviceId,
      revisions: revisions.map(({ revision, digest, replicas }) => ({ revision, digest, replicas })),
      traffic,
    }));
  const byService = <T extends { serviceId: string }>(all: T[]) =>
    Object.fromEntries(all.map((one) => [one.serviceId, one]));
  const look = async () => {
    const { running, ...rows } = await wanted();
    const says = { status: 'Ready', convergeReason: null, running: byService(running) };
    return { says, is: { ...rows, running: byService(await there()) } };
  };
  // What was replaced is taken away after its operation has ended.
  await until(async () => isDeepStrictEqual(...(Object.values(await look()) as [unknown, unknown])), {
    what: `${id} to be what its rows say`,
    timeoutMs: 90_000,
    everyMs: 250,
  }).catch(() => undefined);
  const { says, is } = await look();
  expect(is).toEqual(says);
}
