/** What should run when a deployment is through: the live snapshot with what was asked for in its place. */
import { OperationFault } from '../domain/failures.ts';
import { own } from '../domain/own.ts';
import { clampReplicas } from '../domain/scaling.ts';
import type { SnapshotId } from '../domain/ids.ts';
import type { BoundSecret } from '../domain/secrets.ts';
import { restarted, revisionOf, type Snapshot, type SnapshotService } from '../domain/snapshot.ts';
import type { Tx } from './client.ts';
import { findConfiguration, type ConfigurationRow } from './configurations.ts';
import type { DeploymentRow } from './deployments.ts';
import { findEnvironment } from './environments.ts';
import { scalingOf, scalingPoliciesOf, type ScalingPolicyRow } from './scaling-policies.ts';
import type { RequestedComponent } from './schema/deployments.ts';
import { boundSecretsOf } from './secret-bindings.ts';
import { readSnapshot } from './snapshots.ts';

/** What each component's image resolved to, by module id. */
export type Digests = ReadonlyMap<string, { digest: string }>;

export interface Change {
  /** The snapshot that is live now; null where nothing was deployed. */
  previousSnapshotId: SnapshotId | null;
  live: Snapshot;
  wanted: Snapshot;
}

/** What a deployment would change now. @throws OperationFault `ConfigurationMissing`, `ServiceGone` */
export async function changeOf(tx: Tx, deployment: DeploymentRow, digests: Digests): Promise<Change> {
  const { tenantId, environmentId, snapshotId } = deployment;
  const environment = await findEnvironment(tx, { tenantId, environmentId });
  const previousSnapshotId = environment?.liveSnapshotId ?? null;
  const live = await readSnapshot(tx, tenantId, previousSnapshotId);
  const wanted = snapshotId
    ? await readSnapshot(tx, tenantId, snapshotId)
    : await wantedSnapshot(tx, deployment, live, digests);
  return { previousSnapshotId, live, wanted };
}

/**
 * The live snapshot with the named components replaced; `prune` leaves the unnamed out. All within their policies.
 *
 * @throws OperationFault `ConfigurationMissing`, `ServiceGone`
 */
async function wantedSnapshot(tx: Tx, deployment: DeploymentRow, live: Snapshot, images: Digests): Promise<Snapshot> {
  const { configurationId } = deployment;
  const configuration = configurationId ? await findConfiguration(tx, deployment.tenantId, configurationId) : null;
  if (configurationId && !configuration) {
    throw new OperationFault({ code: 'ConfigurationMissing', message: `${configurationId} is not there.` });
  }
  const services: Record<string, SnapshotService> = deployment.prune ? {} : { ...live.services };
  const key = { tenantId: deployment.tenantId, environmentId: deployment.environmentId };
  const bound = await boundSecretsOf(tx, key);
  for (const component of deployment.components) {
    const { moduleId } = component;
    const before = own(live.services, moduleId);
    const settings = deployment.fromDeploymentId ? kept(before, configuration) : given(component, configuration);
    services[moduleId] = serviceOf(component, images, before, settings, bound.get(moduleId));
  }
  if (deployment.restartOf !== null) {
    const service = own(services, deployment.restartOf);
    if (!service) throw gone(deployment.restartOf);
    services[service.serviceId] = restarted(service, deployment.id);
  }
  return { services: withinPolicies(services, await scalingPoliciesOf(tx, key)) };
}

type Settings = Pick<SnapshotService, 'env' | 'configurationId' | 'configurationHash'>;

/** What a deployment asks for in its own words. */
function given({ env }: RequestedComponent, configuration: ConfigurationRow | null): Settings {
  return { env: env ?? {}, ...published(configuration) };
}

/** What is promoted takes on the settings of where it comes to, so that nothing of where it was tried comes along. */
function kept(before: SnapshotService | undefined, configuration: ConfigurationRow | null): Settings {
  const { env = {}, configurationId = null, configurationHash = null } = before ?? {};
  return { env, ...(configuration ? published(configuration) : { configurationId, configurationHash }) };
}

function published(configuration: ConfigurationRow | null) {
  return { configurationId: configuration?.id ?? null, configurationHash: configuration?.hash ?? null };
}

function serviceOf(
  component: RequestedComponent,
  images: Digests,
  before: SnapshotService | undefined,
  settings: Settings,
  secrets: BoundSecret[] | undefined,
): SnapshotService {
  const content = {
    serviceId: component.moduleId,
    image: component.image,
    digest: images.get(component.moduleId)?.digest ?? '',
    target: component.target,
    replicas: component.replicas ?? before?.replicas ?? 1,
    port: component.port ?? null,
    health: component.health ?? { kind: 'http' as const, path: '/healthz' },
    resources: component.resources ?? {},
    dependsOn: component.dependsOn ?? [],
    ...settings,
    ...(secrets && { secrets }),
    // Kept, so that the same component asked for again after a restart is still the same.
    ...(before?.restartedBy && { restartedBy: before.restartedBy }),
  };
  return { ...content, revision: revisionOf(content) };
}

/** Every service under the policy in force, also one that the deployment does not name: it may have changed since. */
function withinPolicies(
  services: Record<string, SnapshotService>,
  policies: Map<string, ScalingPolicyRow>,
): Record<string, SnapshotService> {
  const bound = Object.entries(services).map(([serviceId, service]) => {
    const policy = policies.get(serviceId);
    const scaling = policy ? scalingOf(policy) : null;
    return [serviceId, { ...service, scaling, replicas: clampReplicas(service.replicas, scaling) }] as const;
  });
  return Object.fromEntries(bound);
}

/** A deployment that was accepted earlier has retired it meanwhile. */
function gone(serviceId: string): OperationFault {
  return new OperationFault({ code: 'ServiceGone', message: `${serviceId} does not run any more.`, serviceId });
}
