import { findConfiguration } from '../../../db/configurations.ts';
import { read } from '../../endpoint.ts';
import { configurationAnswer, configurationParams } from '../../shapes/configuration.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderPublished } from './render.ts';

export const getConfiguration = read({
  route: '/runtime/configurations/{configurationId}',
  scope: 'runtime.configurations.read',
  summary: 'Get a configuration with its values and files',
  input: { params: configurationParams },
  output: { 200: configurationAnswer },
  target: {
    notFound: 'ConfigurationNotFound',
    locate: async (tx, tenantId, { params }) =>
      (await findConfiguration(tx, tenantId, params.configurationId))?.environmentId ?? null,
  },
  async run(tx, { tenantId }, { params }) {
    const row = await findConfiguration(tx, tenantId, params.configurationId);
    if (!row) throw notThere('ConfigurationNotFound');
    return { status: 200 as const, body: { ...renderPublished(row), values: row.values, files: row.files } };
  },
});
