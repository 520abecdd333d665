import { findEnvironment } from '../../../db/environments.ts';
import { watch } from '../../endpoint.ts';
import { environmentParams, environmentInventory } from '../../shapes/environment.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderInventory, type EnvironmentInventory } from './inventory.ts';

/** The inventory of an environment, whole, whenever something in it is different. */
export const watchServices = watch<{ params: typeof environmentParams }, EnvironmentInventory>({
  route: '/runtime/environments/{environmentId}/inventory',
  scope: 'runtime.environments.read',
  input: { params: environmentParams },
  output: { 200: environmentInventory },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { params }) => Promise.resolve(params.environmentId),
  },
  event: (data) => ({ id: '', event: 'inventory', data }),
  run: ({ live }, { tenantId }, { params: { environmentId } }) =>
    Promise.resolve(
      live.view<EnvironmentInventory>({
        name: 'inventory',
        key: { tenantId, environmentId },
        async load(tx) {
          const environment = await findEnvironment(tx, { tenantId, environmentId });
          if (!environment) throw notThere('EnvironmentNotFound');
          return { environmentId, inventory: await renderInventory(tx, environment) };
        },
        // The revision rises with much that the inventory does not show.
        mark: ({ inventory }) => JSON.stringify({ ...inventory, revision: 0 }),
      }),
    ),
});
