import { insertConfiguration } from '../../../db/configurations.ts';
import { mutation } from '../../endpoint.ts';
import { configurationPath } from '../../paths.ts';
import { configurationBody, publishAnswer } from '../../shapes/configuration.ts';
import { renderPublished } from './render.ts';

export const createConfiguration = mutation({
  route: '/runtime/configurations',
  scope: 'runtime.configurations.write',
  summary: 'Publish a versioned runtime configuration',
  input: { body: configurationBody },
  output: { 201: publishAnswer },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { body }) => Promise.resolve(body.environmentId),
  },
  async run(tx, { tenantId, traceId }, { body }) {
    const { environmentId, values, files } = body;
    const row = await insertConfiguration(tx, { tenantId, environmentId }, { values, files }, traceId);
    return {
      status: 201 as const,
      headers: { location: configurationPath(row.id) },
      body: renderPublished(row),
      environmentId,
    };
  },
});
