/** What services of the platform call, on a port and behind an audience of its own; else as `endpoints.ts`. */
import type { Endpoint } from './endpoint.ts';
import { reportHealth } from './runtime/health-reports/report.ts';
import { observeInventory } from './runtime/inventory/observe.ts';
import { createTenantBinding } from './runtime/tenant-bindings/create.ts';
import { getTenantBinding } from './runtime/tenant-bindings/get.ts';
import { listTenantBindings } from './runtime/tenant-bindings/list.ts';
import { revokeTenantBinding } from './runtime/tenant-bindings/revoke.ts';

export const internalEndpoints: Endpoint[] = [
  listTenantBindings,
  createTenantBinding,
  getTenantBinding,
  revokeTenantBinding,
  observeInventory,
  reportHealth,
];
