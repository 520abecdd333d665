import type { z } from 'zod';
import type { TenantBindingRow } from '../../../db/tenant-bindings.ts';
import type { Quotas } from '../../../domain/quota.ts';
import type { tenantBindingAnswer } from '../../shapes/tenant-binding.ts';

/** @param defaults what holds where the binding says nothing */
export function renderTenantBinding(row: TenantBindingRow, defaults: Quotas): z.input<typeof tenantBindingAnswer> {
  const { environments: _ofTheTenant, ...quota } = { ...defaults, ...row.quota };
  return {
    tenantBindingId: row.id,
    tenantId: row.tenantId,
    environmentId: row.environmentId,
    isolationModel: row.isolationModel,
    status: row.revokedAt === null ? 'Bound' : 'Revoked',
    quota,
    quotaOverride: row.quota,
    createdAt: row.createdAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
