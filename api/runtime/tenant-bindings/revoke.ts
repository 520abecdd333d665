import { findBinding, lockBinding, revokeBinding } from '../../../db/tenant-bindings.ts';
import { mutation } from '../../endpoint.ts';
import { tenantBindingAnswer, tenantBindingParams } from '../../shapes/tenant-binding.ts';
import { notThere } from '../../tenant-guard.ts';
import { byTenantBinding } from './locate.ts';
import { renderTenantBinding } from './render.ts';

export const revokeTenantBinding = mutation({
  route: '/runtime/internal/tenant-bindings/{tenantBindingId}/revoke',
  scope: null,
  summary: "Revoke a binding: the tenant's calls are refused from now on, and what was accepted before goes on",
  input: { params: tenantBindingParams },
  output: { 200: tenantBindingAnswer },
  target: byTenantBinding,
  current: async (tx, { tenantId }, { params }, { quotas }) => {
    const found = await findBinding(tx, tenantId, params.tenantBindingId);
    const row = found && (await lockBinding(tx, found));
    return row && renderTenantBinding(row, quotas);
  },
  async run(tx, { tenantId }, { params }, { quotas }) {
    const row = await revokeBinding(tx, tenantId, params.tenantBindingId);
    if (!row) throw notThere('TenantBindingNotFound');
    return { status: 200 as const, body: renderTenantBinding(row, quotas), environmentId: row.environmentId };
  },
});
