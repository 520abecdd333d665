import { findConfiguration } from '../../../db/configurations.ts';
import { differenceOf } from '../../../domain/difference.ts';
import { read } from '../../endpoint.ts';
import { configurationDiff, configurationDiffQuery, configurationParams } from '../../shapes/configuration.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderPublished } from './render.ts';

/** Both of one environment: what another environment's is made of is asked for there. */
export const diffConfigurations = read({
  route: '/runtime/configurations/{configurationId}/diff',
  scope: 'runtime.configurations.read',
  summary: 'Compare a configuration with another of its environment',
  input: { params: configurationParams, query: configurationDiffQuery },
  output: { 200: configurationDiff },
  target: {
    notFound: 'ConfigurationNotFound',
    locate: async (tx, tenantId, { params, query }) => {
      const from = await findConfiguration(tx, tenantId, params.configurationId);
      const to = await findConfiguration(tx, tenantId, query.with);
      return from && from.environmentId === to?.environmentId ? from.environmentId : null;
    },
  },
  async run(tx, { tenantId }, { params, query }) {
    const from = await findConfiguration(tx, tenantId, params.configurationId);
    const to = await findConfiguration(tx, tenantId, query.with);
    if (!from || !to) throw notThere('ConfigurationNotFound');
    const parts = { values: differenceOf(from.values, to.values), files: differenceOf(from.files, to.files) };
    return { status: 200 as const, body: { from: renderPublished(from), to: renderPublished(to), ...parts } };
  },
});
