import { findEnvironment } from '../../../db/environments.ts';
import { read } from '../../endpoint.ts';
import { environmentAnswer, environmentParams } from '../../shapes/environment.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderWhole } from './whole.ts';

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
  async run(tx, { tenantId }, { params }) {
    const environment = await findEnvironment(tx, { tenantId, environmentId: params.environmentId });
    if (!environment) throw notThere('EnvironmentNotFound');
    return { status: 200 as const, body: await renderWhole(tx, environment) };
  },
});
