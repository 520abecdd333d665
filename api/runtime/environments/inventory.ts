import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import { deploymentOfSnapshot } from '../../../db/deployments.ts';
import type { EnvironmentRow } from '../../../db/environments.ts';
import { servicesOf } from '../../../db/services.ts';
import type { environmentInventory } from '../../shapes/environment.ts';
import { renderInventoryService } from '../services/render.ts';

export type EnvironmentInventory = z.input<typeof environmentInventory>;

/** What runs in an environment, as of its revision. */
export async function renderInventory(tx: Tx, row: EnvironmentRow): Promise<EnvironmentInventory['inventory']> {
  const key = { tenantId: row.tenantId, environmentId: row.id };
  const services = await servicesOf(tx, key);
  const live = row.liveSnapshotId === null ? null : await deploymentOfSnapshot(tx, key, row.liveSnapshotId);
  return {
    services: services.map(renderInventoryService),
    deploymentId: live?.id ?? null,
    configurationId: live?.configurationId ?? null,
    revision: row.revision,
  };
}
