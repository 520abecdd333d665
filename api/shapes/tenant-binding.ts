/** What goes in and out of the tenant bindings' endpoints. */
import { z } from 'zod';
import { ISOLATION_MODELS } from '../../domain/phases.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { id, statedTenant } from './text.ts';

const limit = z.int().min(0).max(1_000_000);

export const bindingQuota = z.strictObject({ services: limit, replicas: limit, operations: limit });

export const tenantBindingBody = z.strictObject({
  tenantId: statedTenant,
  environmentId: id('env'),
  /** What is left out of it is as the platform is configured. Left out itself, it stays as it was; null takes it back. */
  quota: bindingQuota.partial().nullable().optional(),
});

export const tenantBindingParams = z.strictObject({ tenantBindingId: id('tb') });

const BINDING_STATUSES = ['Bound', 'Revoked'] as const;

export const tenantBindingAnswer = z.strictObject({
  tenantBindingId: z.string(),
  tenantId: z.string(),
  environmentId: z.string(),
  /** The environment's. */
  isolationModel: z.enum(ISOLATION_MODELS),
  status: z.enum(BINDING_STATUSES),
  /** What holds: as the platform is configured, but for what this binding says. */
  quota: bindingQuota,
  /** What this binding says otherwise; null when nothing. */
  quotaOverride: bindingQuota.partial().nullable(),
  createdAt: z.string(),
  /** Null while it holds. */
  revokedAt: z.string().nullable(),
});

export const tenantBindingsQuery = listQueryOf('tenant-bindings', {
  environmentId: id('env').optional(),
  status: z.enum(BINDING_STATUSES).optional(),
  ...createdBetween,
});

export const tenantBindingList = listOf(tenantBindingAnswer);
