import type { Tx } from '../../../db/client.ts';
import { deploymentOfSnapshot } from '../../../db/deployments.ts';
import { findEnvironment, type EnvironmentRow } from '../../../db/environments.ts';
import { latestOperation } from '../../../db/operations.ts';
import { servicesOf } from '../../../db/services.ts';
import type { z } from 'zod';
import { read } from '../../endpoint.ts';
import { environmentAnswer, environmentParams } from '../../shapes/environment.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderInventoryService } from '../services/render.ts';
import { renderEnvironment } from './render.ts';

export const getEnvironment = read({
  route: '/runtime/environments/{environmentId}',
  scope: 'runtime.environments.read',
  summary: 'Get environment state and inventory',
  input: { params: environmentParams },
  output: { 200: environmentAnswer },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { params }) => Promise.resolve(params.environmentId),
  },
  run: ({ db }, { tenantId }, { params }) =>
    db.forTenant(tenantId, async (tx) => {
      const environment = await findEnvironment(tx, { tenantId, environmentId: params.environmentId });
      if (!environment) throw notThere('EnvironmentNotFound');
      return { status: 200, body: await render(tx, environment) };
    }),
});

async function render(tx: Tx, row: EnvironmentRow): Promise<z.input<typeof environmentAnswer>> {
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
