import { findEnvironment } from '../../../db/environments.ts';
import { establishBinding, lockBinding } from '../../../db/tenant-bindings.ts';
import { mutation } from '../../endpoint.ts';
import { tenantBindingPath } from '../../paths.ts';
import { tenantBindingAnswer, tenantBindingBody } from '../../shapes/tenant-binding.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderTenantBinding } from './render.ts';

export const createTenantBinding = mutation({
  route: '/runtime/internal/tenant-bindings',
  scope: null,
  summary: 'Bind the tenant to an environment, again if it was revoked, or change the quota there',
  input: { body: tenantBindingBody },
  output: { 200: tenantBindingAnswer, 201: tenantBindingAnswer },
  target: {
    notFound: 'EnvironmentNotFound',
    isUnbound: true,
    locate: (_tx, _tenantId, { body }) => Promise.resolve(body.environmentId),
  },
  current: async (tx, { tenantId }, { body: { environmentId } }, { quotas }) => {
    const row = await lockBinding(tx, { tenantId, environmentId });
    return row && renderTenantBinding(row, quotas);
  },
  async run(tx, { tenantId }, { body: { environmentId, quota } }, { quotas }) {
    const key = { tenantId, environmentId };
    const environment = await findEnvironment(tx, key);
    if (!environment) throw notThere('EnvironmentNotFound');
    const { row, isNew } = await establishBinding(tx, key, environment.isolationModel, quota);
    const answer = { headers: { location: tenantBindingPath(row.id) }, environmentId };
    const body = renderTenantBinding(row, quotas);
    return isNew ? { ...answer, status: 201 as const, body } : { ...answer, status: 200 as const, body };
  },
});
