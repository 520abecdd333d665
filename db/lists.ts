/** The tenant's rows, page by page and filtered. Each page is the newest first. */
import { and, eq, getTableColumns, inArray, sql } from 'drizzle-orm';
import type { EnvironmentId, OperationId, TraceId } from '../domain/ids.ts';
import type { EnvironmentStatus, OperationKind, OperationStatus, Phase, Stage } from '../domain/phases.ts';
import type { Tx } from './client.ts';
import type { ConfigurationRow } from './configurations.ts';
import type { DeploymentRow } from './deployments.ts';
import type { EnvironmentRow } from './environments.ts';
import type { OperationRow } from './operations.ts';
import { afterKey, byKey, createdBetween, equals, isBound, pageOf } from './page.ts';
import type { CreatedBetween, Page, PageRequest } from './page.ts';
import type { RequestRow } from './requests.ts';
import type { ScalingPolicyRow } from './scaling-policies.ts';
import {
  configurations,
  deployments,
  environments,
  operations,
  requests,
  scalingPolicies,
  secretBindings,
  services,
  type DECISIONS,
} from './schema/index.ts';
import type { SecretBindingRow } from './secret-bindings.ts';
import type { ServiceRow } from './services.ts';

export interface EnvironmentFilter extends CreatedBetween {
  name?: string;
  projectId?: string;
  stage?: Stage;
  status?: EnvironmentStatus;
}

export async function pageOfEnvironments(
  tx: Tx,
  tenantId: string,
  filter: EnvironmentFilter,
  page: PageRequest,
): Promise<Page<EnvironmentRow>> {
  const { id } = environments;
  const rows = await tx
    .select()
    .from(environments)
    .where(
      and(
        eq(environments.tenantId, tenantId),
        isBound({ tenantId: environments.tenantId, environmentId: id }),
        equals(environments.name, filter.name),
        equals(environments.projectId, filter.projectId),
        equals(environments.stage, filter.stage),
        equals(environments.status, filter.status),
        createdBetween(environments.createdAt, filter),
        afterKey(page, id),
      ),
    )
    .orderBy(...byKey(id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}

export interface DeploymentFilter extends CreatedBetween {
  environmentId?: EnvironmentId;
  serviceId?: string;
  status?: Phase;
}

export interface DeploymentWithOperation {
  deployment: DeploymentRow;
  operation: OperationRow;
}

/** `serviceId`: deployments that name the service, or that had a step for it. */
export async function pageOfDeployments(
  tx: Tx,
  tenantId: string,
  filter: DeploymentFilter,
  page: PageRequest,
): Promise<Page<DeploymentWithOperation>> {
  const { id, components } = deployments;
  const { serviceId } = filter;
  const named =
    serviceId === undefined
      ? undefined
      : sql`(${components} @> ${JSON.stringify([{ moduleId: serviceId }])}::jsonb or exists (
          select 1 from components c where c.tenant_id = ${deployments.tenantId} and c.deployment_id = ${id}
          and c.service_id = ${serviceId} and c.action <> 'keep'))`;
  const rows = await tx
    .select({ deployment: getTableColumns(deployments), operation: getTableColumns(operations) })
    .from(deployments)
    .innerJoin(
      operations,
      and(eq(operations.tenantId, deployments.tenantId), eq(operations.id, deployments.operationId)),
    )
    .where(
      and(
        eq(deployments.tenantId, tenantId),
        isBound(deployments),
        equals(deployments.environmentId, filter.environmentId),
        equals(operations.phase, filter.status),
        named,
        createdBetween(deployments.createdAt, filter),
        afterKey(page, id),
      ),
    )
    .orderBy(...byKey(id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.deployment.id]);
}

export interface OperationFilter extends CreatedBetween {
  environmentId?: EnvironmentId;
  status?: OperationStatus;
  /** The kinds that the caller may read. */
  kinds: OperationKind[];
}

export async function pageOfOperations(
  tx: Tx,
  tenantId: string,
  filter: OperationFilter,
  page: PageRequest,
): Promise<Page<OperationRow>> {
  const rows = await tx
    .select()
    .from(operations)
    .where(
      and(
        eq(operations.tenantId, tenantId),
        isBound(operations),
        equals(operations.environmentId, filter.environmentId),
        equals(operations.status, filter.status),
        inArray(operations.kind, filter.kinds),
        createdBetween(operations.acceptedAt, filter),
        afterKey(page, operations.id),
      ),
    )
    .orderBy(...byKey(operations.id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}

export interface OfServiceFilter extends CreatedBetween {
  environmentId?: EnvironmentId;
  serviceId?: string;
}

/** The inventory of every environment; services have no time of their own to filter by. */
export async function pageOfServices(
  tx: Tx,
  tenantId: string,
  filter: Omit<OfServiceFilter, keyof CreatedBetween>,
  page: PageRequest,
): Promise<Page<ServiceRow>> {
  const { environmentId, serviceId } = services;
  const rows = await tx
    .select()
    .from(services)
    .where(
      and(
        eq(services.tenantId, tenantId),
        isBound(services),
        equals(environmentId, filter.environmentId),
        equals(serviceId, filter.serviceId),
        afterKey(page, environmentId, serviceId),
      ),
    )
    .orderBy(...byKey(environmentId, serviceId))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.environmentId, row.serviceId]);
}

export async function pageOfConfigurations(
  tx: Tx,
  tenantId: string,
  filter: Omit<OfServiceFilter, 'serviceId'>,
  page: PageRequest,
): Promise<Page<ConfigurationRow>> {
  const rows = await tx
    .select()
    .from(configurations)
    .where(
      and(
        eq(configurations.tenantId, tenantId),
        isBound(configurations),
        equals(configurations.environmentId, filter.environmentId),
        createdBetween(configurations.createdAt, filter),
        afterKey(page, configurations.id),
      ),
    )
    .orderBy(...byKey(configurations.id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}

export async function pageOfScalingPolicies(
  tx: Tx,
  tenantId: string,
  filter: OfServiceFilter,
  page: PageRequest,
): Promise<Page<ScalingPolicyRow>> {
  const rows = await tx
    .select()
    .from(scalingPolicies)
    .where(
      and(
        eq(scalingPolicies.tenantId, tenantId),
        isBound(scalingPolicies),
        equals(scalingPolicies.environmentId, filter.environmentId),
        equals(scalingPolicies.serviceId, filter.serviceId),
        createdBetween(scalingPolicies.createdAt, filter),
        afterKey(page, scalingPolicies.id),
      ),
    )
    .orderBy(...byKey(scalingPolicies.id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}

/** Bindings are never changed, so this is their history too: of one variable the newest counts. */
export async function pageOfSecretBindings(
  tx: Tx,
  tenantId: string,
  filter: OfServiceFilter,
  page: PageRequest,
): Promise<Page<SecretBindingRow>> {
  const rows = await tx
    .select()
    .from(secretBindings)
    .where(
      and(
        eq(secretBindings.tenantId, tenantId),
        isBound(secretBindings),
        equals(secretBindings.environmentId, filter.environmentId),
        equals(secretBindings.serviceId, filter.serviceId),
        createdBetween(secretBindings.createdAt, filter),
        afterKey(page, secretBindings.id),
      ),
    )
    .orderBy(...byKey(secretBindings.id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}

export interface RequestFilter extends CreatedBetween {
  environmentId?: EnvironmentId;
  operationId?: OperationId;
  clientId?: string;
  subject?: string;
  method?: string;
  route?: string;
  decision?: (typeof DECISIONS)[number];
  traceId?: TraceId;
}

/** Receipts, those of environments that the tenant is no longer bound to included: what was done stays on record. */
export async function pageOfRequests(
  tx: Tx,
  tenantId: string,
  filter: RequestFilter,
  page: PageRequest,
): Promise<Page<RequestRow>> {
  const rows = await tx
    .select()
    .from(requests)
    .where(
      and(
        eq(requests.tenantId, tenantId),
        equals(requests.environmentId, filter.environmentId),
        equals(requests.operationId, filter.operationId),
        equals(requests.clientId, filter.clientId),
        equals(requests.subject, filter.subject),
        equals(requests.method, filter.method),
        equals(requests.route, filter.route),
        equals(requests.decision, filter.decision),
        equals(requests.traceId, filter.traceId),
        createdBetween(requests.createdAt, filter),
        afterKey(page, requests.id),
      ),
    )
    .orderBy(...byKey(requests.id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}
