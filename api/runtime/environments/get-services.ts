import type { EnvironmentId } from '../../../domain/ids.ts';
import type { ReadEndpoint } from '../../endpoint.ts';
import { Frame } from '../../live/source.ts';
import { environmentInventory, environmentParams } from '../../shapes/environment.ts';
import { loadInventory } from './inventory.ts';

type Input = { params: { environmentId: EnvironmentId } };

/** The inventory of an environment, for who asks often: from memory, and encoded once for each revision. Its body is a frame. */
export const getServices: ReadEndpoint = {
  kind: 'read',
  method: 'GET',
  route: '/runtime/environments/{environmentId}/inventory',
  scope: 'runtime.environments.read',
  input: { params: environmentParams },
  output: { 200: environmentInventory },
  target: {
    notFound: 'EnvironmentNotFound',
    named: ({ params }: Input) => params.environmentId,
    locate: (_tx, _tenantId, { params }: Input) => Promise.resolve(params.environmentId),
  } as ReadEndpoint['target'],
  async run({ live }, { tenantId }, input) {
    const key = { tenantId, environmentId: (input as Input).params.environmentId };
    return {
      status: 200,
      body: await live.recall(key, 'inventory', async (tx) => new Frame(await loadInventory(tx, key))),
    };
  },
};
