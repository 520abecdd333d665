import { pageOfBindings } from '../../../db/tenant-bindings.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { tenantBindingList, tenantBindingsQuery } from '../../shapes/tenant-binding.ts';
import { renderTenantBinding } from './render.ts';

export const listTenantBindings = read({
  route: '/runtime/internal/tenant-bindings',
  scope: null,
  summary: "List the tenant's bindings, revoked ones too",
  input: { query: tenantBindingsQuery },
  output: { 200: tenantBindingList },
  async run(tx, { tenantId }, { query: { status, ...filter } }, { quotas }) {
    const isRevoked = status && status === 'Revoked';
    const page = await pageOfBindings(tx, tenantId, { ...filter, isRevoked }, pageIn(filter));
    return listAnswer('tenant-bindings', page, (row) => renderTenantBinding(row, quotas));
  },
});
