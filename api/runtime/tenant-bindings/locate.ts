import { findBinding } from '../../../db/tenant-bindings.ts';
import type { BindingId } from '../../../domain/ids.ts';
import type { Target } from '../../endpoint.ts';

/** The environment of the binding in the path, whether it holds or not. */
export const byTenantBinding: Target<{ params: { tenantBindingId: BindingId } }> = {
  notFound: 'TenantBindingNotFound',
  isUnbound: true,
  locate: async (tx, tenantId, { params }) =>
    (await findBinding(tx, tenantId, params.tenantBindingId))?.environmentId ?? null,
};
