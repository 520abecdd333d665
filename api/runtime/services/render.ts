import type { z } from 'zod';
import type { ServiceRow } from '../../../db/services.ts';
import type { inventoryService } from '../../shapes/environment.ts';
import type { serviceAnswer } from '../../shapes/service.ts';

/** A service within its environment's inventory. */
export function renderInventoryService({
  tenantId: _t,
  environmentId: _e,
  updatedAt,
  ...service
}: ServiceRow): z.input<typeof inventoryService> {
  return { ...service, updatedAt: updatedAt.toISOString() };
}

/** A service by itself. */
export function renderService(row: ServiceRow): z.input<typeof serviceAnswer> {
  return { environmentId: row.environmentId, ...renderInventoryService(row) };
}
