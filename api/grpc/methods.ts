/** Every gRPC method there is, by the port it is on: the servers and their tests derive from these lists. */
import { deploymentMethods } from './deployments.ts';
import { driftMethods } from './drift.ts';
import { healthReportMethods } from './health-reports.ts';
import { healthMethods } from './health.ts';
import { inventoryMethods } from './inventory.ts';
import type { GrpcMethod } from './method.ts';

export const publicMethods: GrpcMethod[] = [
  ...inventoryMethods,
  ...healthMethods,
  ...driftMethods,
  ...deploymentMethods,
];

export const internalMethods: GrpcMethod[] = healthReportMethods;
