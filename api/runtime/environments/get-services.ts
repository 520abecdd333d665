import { recall } from '../../endpoint.ts';
import { Frame } from '../../live/source.ts';
import { environmentInventory, environmentParams } from '../../shapes/environment.ts';
import { loadInventory } from './inventory.ts';

/** The inventory of an environment, encoded once for each revision: its body is a frame. */
export const getServices = recall({
  route: '/runtime/environments/{environmentId}/inventory',
  scope: 'runtime.environments.read',
  input: { params: environmentParams },
  output: { 200: environmentInventory },
  environmentId: ({ params }) => params.environmentId,
  load: async (tx, key) => new Frame(await loadInventory(tx, key)),
});
