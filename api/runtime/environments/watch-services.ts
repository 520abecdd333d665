import { watch } from '../../endpoint.ts';
import { environmentInventory, environmentParams } from '../../shapes/environment.ts';
import { loadInventory, type EnvironmentInventory } from './inventory.ts';

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
  run: (_tx, { tenantId }, { params: { environmentId } }, { live }) => {
    const key = { tenantId, environmentId };
    return live.view<EnvironmentInventory>({
      name: 'inventory',
      key,
      load: (tx) => loadInventory(tx, key),
      // The revision rises with much that the inventory does not show.
      mark: (value) => JSON.stringify({ ...value.inventory, revision: 0 }),
    });
  },
});
