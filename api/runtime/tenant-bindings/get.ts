import { findBinding } from '../../../db/tenant-bindings.ts';
import { read } from '../../endpoint.ts';
import { tenantBindingAnswer, tenantBindingParams } from '../../shapes/tenant-binding.ts';
import { notThere } from '../../tenant-guard.ts';
import { byTenantBinding } from './locate.ts';
import { renderTenantBinding } from './render.ts';

export const getTenantBinding = read({
  route: '/runtime/internal/tenant-bindings/{tenantBindingId}',
  scope: null,
  summary: "Read a tenant's binding to an environment",
  input: { params: tenantBindingParams },
  output: { 200: tenantBindingAnswer },
  target: byTenantBinding,
  async run(tx, { tenantId }, { params }, { quotas }) {
    const row = await findBinding(tx, tenantId, params.tenantBindingId);
    if (!row) throw notThere('TenantBindingNotFound');
    return { status: 200 as const, body: renderTenantBinding(row, quotas) };
  },
});
