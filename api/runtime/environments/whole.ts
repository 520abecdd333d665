import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import { lockEnvironment, type EnvironmentRow } from '../../../db/environments.ts';
import { latestOperation, type OperationRow } from '../../../db/operations.ts';
import type { EnvironmentId } from '../../../domain/ids.ts';
import { isTerminalPhase } from '../../../domain/phases.ts';
import type { Caller } from '../../caller.ts';
import type { environmentAnswer } from '../../shapes/environment.ts';
import { waitingOnOf } from '../operations/waiting-on.ts';
import { renderInventory } from './inventory.ts';
import { renderEnvironment } from './render.ts';

/** An environment with what runs in it. */
export async function renderWhole(tx: Tx, row: EnvironmentRow): Promise<z.input<typeof environmentAnswer>> {
  const telling = await tellingOperation(tx, row);
  return {
    ...renderEnvironment(row),
    outputs: row.outputs,
    inventory: await renderInventory(tx, row),
    waitingOn: telling && waitingOnOf(telling),
    failure: telling?.failure ?? null,
  };
}

/** What `GET` shows of the environment in the path, under its row lock. */
export async function heldEnvironment(
  tx: Tx,
  { tenantId }: Caller,
  { params: { environmentId } }: { params: { environmentId: EnvironmentId } },
): Promise<unknown> {
  const row = await lockEnvironment(tx, { tenantId, environmentId });
  return row && (await renderWhole(tx, row));
}

/** What the environment's state is to be read from: its decommission, while it is under way or blocked, else its provision. */
async function tellingOperation(tx: Tx, { tenantId, id, status }: EnvironmentRow): Promise<OperationRow | null> {
  const key = { tenantId, environmentId: id };
  const decommission = await latestOperation(tx, key, 'decommission');
  const isOpen = decommission && !isTerminalPhase(decommission.phase);
  if (decommission && (isOpen || status === 'DecommissionBlocked')) return decommission;
  return await latestOperation(tx, key, 'provision');
}
