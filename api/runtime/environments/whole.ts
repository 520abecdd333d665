import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import { deploymentOfSnapshot } from '../../../db/deployments.ts';
import type { EnvironmentRow } from '../../../db/environments.ts';
import { latestOperation } from '../../../db/operations.ts';
import { servicesOf } from '../../../db/services.ts';
import type { environmentAnswer } from '../../shapes/environment.ts';
import { renderInventoryService } from '../services/render.ts';
import { renderEnvironment } from './render.ts';

/** An environment with what runs in it. */
export async function renderWhole(tx: Tx, row: EnvironmentRow): Promise<z.input<typeof environmentAnswer>> {
  const key = { tenantId: row.tenantId, environmentId: row.id };
  const services = await servicesOf(tx, key);
  const live = row.liveSnapshotId === null ? null : await deploymentOfSnapshot(tx, key, row.liveSnapshotId);
  const provision = await latestOperation(tx, key, 'provision');
  return {
    ...renderEnvironment(row),
    outputs: row.outputs,
    inventory: {
      services: services.map(renderInventoryService),
      deploymentId: live?.id ?? null,
      configurationId: live?.configurationId ?? null,
      revision: row.revision,
    },
    waitingOn: provision?.waitingOn ?? null,
    failure: provision?.failure ?? null,
  };
}
