/** What has to hold before a deployment is accepted; each refusal says where in the body it looks. */
import { findConfiguration } from '../../../db/configurations.ts';
import type { Tx } from '../../../db/client.ts';
import { lockEnvironment, type EnvironmentRow } from '../../../db/environments.ts';
import { findOpenOperation } from '../../../db/operations.ts';
import type { RequestedComponent } from '../../../db/schema/index.ts';
import { readSnapshot } from '../../../db/snapshots.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { ConfigurationId, EnvironmentKey } from '../../../domain/ids.ts';
import { own } from '../../../domain/own.ts';
import { dependencyProblem } from '../../../domain/plan.ts';
import { registryOf } from '../../../domain/registry.ts';
import { notThere } from '../../tenant-guard.ts';

/** @throws PlatformError `DuplicateComponent` */
export function checkNoDuplicates(components: RequestedComponent[]): void {
  const seen = new Set<string>();
  const pointers = components.flatMap(({ moduleId }, index) => {
    const before = seen.has(moduleId);
    seen.add(moduleId);
    return before ? [{ pointer: `/components/${index}/moduleId`, message: `${moduleId} is named before` }] : [];
  });
  if (pointers.length > 0) {
    throw new PlatformError('DuplicateComponent', 'A component is named more than once.', { pointers });
  }
}

/** Locks the environment for the acceptance, and takes work only for one that stands or is being made. */
export async function lockForWork(tx: Tx, key: EnvironmentKey): Promise<EnvironmentRow> {
  const environment = await lockEnvironment(tx, key);
  if (!environment) throw notThere('EnvironmentNotFound');
  if (!['Provisioning', 'Ready', 'Updating'].includes(environment.status)) {
    throw new PlatformError(
      'EnvironmentNotReady',
      `The environment is ${environment.status} and takes no deployments.`,
      {
        details: { environmentId: environment.id, environmentStatus: environment.status },
      },
    );
  }
  const decommission = await findOpenOperation(tx, key, 'decommission');
  // One that waits for an approval may still be refused.
  if (decommission && decommission.waitingOn?.kind !== 'approval') {
    throw new PlatformError('EnvironmentNotReady', 'The environment is to be taken away and takes no deployments.', {
      details: { environmentId: environment.id, environmentStatus: environment.status, operationId: decommission.id },
    });
  }
  return environment;
}

/**
 * @param named where the body names them all at once; null when it has each of them.
 * @throws PlatformError `TargetNotInEnvironment`
 */
export function checkTargets(
  environment: EnvironmentRow,
  components: RequestedComponent[],
  named: string | null = null,
): void {
  const pointers = components.flatMap(({ moduleId, target }, index) => {
    if (environment.computeTargets.includes(target)) return [];
    const pointer = named ?? `/components/${index}/target`;
    return [{ pointer, message: `${target} of ${moduleId} is not a compute target of the environment` }];
  });
  if (pointers.length > 0) {
    const targets = environment.computeTargets.join(', ');
    throw new PlatformError('TargetNotInEnvironment', `The environment has ${targets}.`, { pointers });
  }
}

/**
 * What runs may be gone back to, whatever is allowed by now; so only what is new to an environment is asked.
 * @param named where the body names them all at once; null when it has each of them.
 * @throws PlatformError `RegistryNotAllowed`
 */
export function checkRegistries(
  allowed: ReadonlySet<string> | null,
  components: RequestedComponent[],
  named: string | null,
): void {
  if (!allowed) return;
  const pointers = components.flatMap(({ moduleId, image }, index) => {
    const registry = registryOf(image);
    if (allowed.has(registry)) return [];
    const message = `comes from ${registry}`;
    return [
      named
        ? { pointer: named, message: `${moduleId} ${message}` }
        : { pointer: `/components/${index}/image`, message },
    ];
  });
  if (pointers.length > 0) {
    throw new PlatformError('RegistryNotAllowed', `Images come from ${[...allowed].join(', ')}.`, { pointers });
  }
}

/** A configuration of another environment is as good as none. @throws PlatformError `ConfigurationNotFound` */
export async function checkConfiguration(tx: Tx, key: EnvironmentKey, id: ConfigurationId | undefined): Promise<void> {
  if (id === undefined) return;
  const configuration = await findConfiguration(tx, key.tenantId, id);
  if (configuration?.environmentId !== key.environmentId) throw notThere('ConfigurationNotFound');
}

/** Over what would run: what is live with the requested in its place. @throws PlatformError `DependencyUnknown`, `DependencyCycle` */
export async function checkDependencies(
  tx: Tx,
  environment: EnvironmentRow,
  components: RequestedComponent[],
  prune: boolean,
): Promise<void> {
  const live = prune ? {} : (await readSnapshot(tx, environment.tenantId, environment.liveSnapshotId)).services;
  const requested = components.map(({ moduleId, dependsOn }) => {
    // What a component leaves out stays as it is live.
    return [moduleId, { dependsOn: dependsOn ?? own(live, moduleId)?.dependsOn ?? [] }] as const;
  });
  const problem = dependencyProblem({ ...live, ...Object.fromEntries(requested) });
  if (!problem) return;
  if (problem.kind === 'unknown') {
    const message = `${problem.service} depends on ${problem.dependsOn}, which would not run`;
    throw new PlatformError('DependencyUnknown', 'A component depends on a service that would not run.', {
      pointers: [{ pointer: pointerTo(components, problem.service, problem.dependsOn), message }],
    });
  }
  const message = `${problem.services.join(', ')} wait for each other`;
  throw new PlatformError('DependencyCycle', 'Components depend on each other in a circle.', {
    pointers: problem.services
      .filter((service) => components.some(({ moduleId }) => moduleId === service))
      .map((service) => ({ pointer: pointerTo(components, service), message })),
  });
}

function pointerTo(components: RequestedComponent[], service: string, dependency?: string): string {
  const index = components.findIndex(({ moduleId }) => moduleId === service);
  if (index < 0) return '/components';
  const place = dependency === undefined ? -1 : (components[index]?.dependsOn?.indexOf(dependency) ?? -1);
  return `/components/${index}/dependsOn${place < 0 ? '' : `/${place}`}`;
}
