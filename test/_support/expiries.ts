/** Environments whose time has come, and turns of the sweep that takes them away, on an API stand. */
import { sweepTurn, type Checkpoint, type TurnOptions } from '../../activities/sweep-turn.ts';
import { expiryVisitor } from '../../activities/visitors/expiry.ts';
import type { Visitor } from '../../activities/visitors/visitor.ts';
import { changeEnvironment } from '../../db/environments.ts';
import type { OperationRow } from '../../db/operations.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { Governance } from '../../providers/governance/port.ts';
import type { ApiStand } from './api.ts';
import { readyEnvironment, type PROVISION } from './api-states.ts';
import type { TenantTables } from './tenant-tables.ts';

/** Ready, and over its time since a second. */
export async function expiredEnvironment(
  stand: ApiStand,
  change: Partial<typeof PROVISION> = {},
): Promise<EnvironmentKey> {
  const key = await readyEnvironment(stand, { stage: 'dev', ...change });
  await expiresAt(stand, key, new Date(Date.now() - 1_000));
  return key;
}

/** As `PATCH` does, which takes no time that is past. */
export async function expiresAt({ db }: ApiStand, key: EnvironmentKey, at: Date | null): Promise<void> {
  await db.forTenant(key.tenantId, (tx) => changeEnvironment(tx, key, { expiresAt: at }));
}

export const visitorOf = ({ deps }: ApiStand, governance: Governance = deps.governance): Visitor =>
  expiryVisitor({ db: deps.db, governance, ring: deps.ring });

export interface SweepOptions extends Partial<TurnOptions> {
  governance?: Governance;
}

/** A turn of the sweep, to its end: until nothing is due soon. */
export async function sweep(stand: ApiStand, { governance, ...options }: SweepOptions = {}): Promise<Checkpoint> {
  return await sweepTurn({
    ...{ db: stand.db, kind: 'expiry', visitor: visitorOf(stand, governance), pollMs: 10 },
    signal: new AbortController().signal,
    onError: (_claim, error) => {
      throw error;
    },
    ...options,
  });
}

/** As if the pause were over. */
export async function isDueAgain(tables: TenantTables, { environmentId }: EnvironmentKey): Promise<void> {
  await tables.query('update due set due_at = now() where environment_id = $1', [environmentId]);
}

/** When it is looked at next; null when it is not. */
export async function dueOf(tables: TenantTables, { environmentId }: EnvironmentKey): Promise<Date | null> {
  const [row] = await tables.query<{ due_at: Date }>('select due_at from due where kind = $1 and environment_id = $2', [
    'expiry',
    environmentId,
  ]);
  return row?.due_at ?? null;
}

/** Its decommissions, the oldest first. */
export async function decommissionsOf(
  tables: TenantTables,
  { environmentId }: EnvironmentKey,
): Promise<Pick<OperationRow, 'id' | 'phase' | 'seq'>[]> {
  return await tables.query(
    "select id, phase, seq::int from operations where kind = 'decommission' and environment_id = $1 order by seq",
    [environmentId],
  );
}
