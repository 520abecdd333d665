/** The tenant's rows, page by page and filtered. Each page is the newest first. */
import { and, eq, getTableColumns, inArray, sql } from 'drizzle-orm';
import type { EnvironmentId, OperationId, TraceId } from '../domain/ids.ts';
import type { Observed } from '../domain/observed.ts';
import type { EnvironmentStatus, OperationKind, OperationStatus, Phase, Stage } from '../domain/phases.ts';
import type { ScalingPolicyStatus } from '../domain/scaling.ts';
import type { SecretBindingStatus } from '../domain/secrets.ts';
import type { Tx } from './client.ts';
import { isAbout } from './concerned-services.ts';
import type { ConfigurationRow } from './configurations.ts';
import type { DeploymentRow } from './deployments.ts';
import type { EnvironmentRow } from './environments.ts';
import type { OperationRow } from './operations.ts';
import { afterKey, between, byKey, createdBetween, equals, isBound, pageOf } from './page.ts';
import type { CreatedBetween, Page, PageRequest } from './page.ts';
import type { RequestRow } from './requests.ts';
import { isLastOfRemoved, type ScalingPolicyRow } from './scaling-policies.ts';
import {
  configurations,
  deployments,
  environments,
  operations,
  requests,
  scalingPolicies,
  scalingPolicyVersions,
  secretBindings,
  services,
  type DECISIONS,
} from './schema/index.ts';
import { secretBindingStatus, type SecretBindingWithStatus } from './secret-bindings.ts';
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
  /** What it names, or has a step for. */
  serviceId?: string;
  status?: Phase;
}

export interface DeploymentWithOperation {
  deployment: DeploymentRow;
  operation: OperationRow;
}

export async function pageOfDeployments(
  tx: Tx,
  tenantId: string,
  filter: DeploymentFilter,
  page: PageRequest,
): Promise<Page<DeploymentWithOperation>> {
  const { id } = deployments;
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
        isAbout({ tenantId: deployments.tenantId, id: deployments.operationId }, filter.serviceId),
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
  /** What its deployment changes: not all that stands in an environment which comes or goes. */
  serviceId?: string;
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
        isAbout(operations, filter.serviceId),
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

export interface ServiceFilter {
  environmentId?: EnvironmentId;
  serviceId?: string;
  /** As a worker on the outside has seen it. */
  status?: Observed['status'];
  updatedAfter?: Date;
  updatedBefore?: Date;
}

/** The inventory of every environment. */
export async function pageOfServices(
  tx: Tx,
  tenantId: string,
  filter: ServiceFilter,
  page: PageRequest,
): Promise<Page<ServiceRow>> {
  const { environmentId, serviceId, observed, updatedAt } = services;
  const rows = await tx
    .select()
    .from(services)
    .where(
      and(
        eq(services.tenantId, tenantId),
        isBound(services),
        equals(environmentId, filter.environmentId),
        equals(serviceId, filter.serviceId),
        filter.status && eq(sql`${observed} ->> 'status'`, filter.status),
        between(updatedAt, filter.updatedAfter, filter.updatedBefore),
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
  { status, ...filter }: OfServiceFilter & { status: ScalingPolicyStatus },
  page: PageRequest,
): Promise<Page<ScalingPolicyRow>> {
  // Those that are no more are found among the versions.
  const policies = status === 'InForce' ? scalingPolicies : scalingPolicyVersions;
  const rows = await tx
    .select(getTableColumns(policies))
    .from(policies)
    .where(
      and(
        eq(policies.tenantId, tenantId),
        status === 'Removed' ? isLastOfRemoved : undefined,
        isBound(policies),
        equals(policies.environmentId, filter.environmentId),
        equals(policies.serviceId, filter.serviceId),
        createdBetween(policies.createdAt, filter),
        afterKey(page, policies.id),
      ),
    )
    .orderBy(...byKey(policies.id))
    .limit(page.limit + 1);
  return pageOf(rows, page, (row) => [row.id]);
}

/** Bindings are never changed, so this is their history too: of one variable the newest counts. */
export async function pageOfSecretBindings(
  tx: Tx,
  tenantId: string,
  filter: OfServiceFilter & { status?: SecretBindingStatus },
  page: PageRequest,
): Promise<Page<SecretBindingWithStatus>> {
  const rows = await tx
    .select({ ...getTableColumns(secretBindings), status: secretBindingStatus })
    .from(secretBindings)
    .where(
      and(
        eq(secretBindings.tenantId, tenantId),
        isBound(secretBindings),
        equals(secretBindings.environmentId, filter.environmentId),
        equals(secretBindings.serviceId, filter.serviceId),
        filter.status && eq(secretBindingStatus, filter.status),
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
