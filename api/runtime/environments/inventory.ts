import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import { deploymentOfSnapshot } from '../../../db/deployments.ts';
import { findEnvironment, type EnvironmentRow } from '../../../db/environments.ts';
import { servicesOf } from '../../../db/services.ts';
import type { EnvironmentKey } from '../../../domain/ids.ts';
import type { environmentInventory } from '../../shapes/environment.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderInventoryService } from '../services/render.ts';

export type EnvironmentInventory = z.input<typeof environmentInventory>;

/** @throws PlatformError `EnvironmentNotFound` */
export async function loadInventory(tx: Tx, key: EnvironmentKey): Promise<EnvironmentInventory> {
  const environment = await findEnvironment(tx, key);
  if (!environment) throw notThere('EnvironmentNotFound');
  return { environmentId: key.environmentId, inventory: await renderInventory(tx, environment) };
}

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
