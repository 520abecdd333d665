/** A look at what is there of an environment, through the ports: the rows are not asked. */
import type { EnvironmentRow } from '../db/environments.ts';
import type { Leftover } from '../domain/failures.ts';
import type { ComputeTarget } from '../providers/compute/port.ts';
import type { StackEngine, StackSpec } from '../providers/stacks/port.ts';
import { failureOf } from './failures.ts';

/**
 * Whether the stack of this name is the environment's. One that has failed has none: it was taken away when it failed, and
 * one of its name belongs to whoever took the name since.
 */
export function ownsStack({ status }: Pick<EnvironmentRow, 'status'>): boolean {
  return status !== 'Failed';
}

/** What is left; what cannot be looked at now counts as left, since nobody knows. */
export async function leftoversOf(
  environment: EnvironmentRow,
  spec: StackSpec,
  { compute, stacks }: { compute: ComputeTarget; stacks: StackEngine },
): Promise<Leftover[]> {
  const [services, stack] = await Promise.all([
    known('the services', () => servicesLeft(environment, compute)),
    known('the stack', () => (ownsStack(environment) ? stackLeft(spec, stacks) : Promise.resolve([]))),
  ]);
  return [...services, ...stack];
}

async function servicesLeft({ tenantId, id }: EnvironmentRow, compute: ComputeTarget): Promise<Leftover[]> {
  const observed = await compute.observe({ tenantId, environmentId: id });
  return observed.flatMap(({ serviceId, revisions, endpoint }): Leftover[] => [
    ...(revisions.length > 0 ? [{ kind: 'service' as const, name: serviceId }] : []),
    ...(endpoint !== null ? [{ kind: 'route' as const, name: serviceId }] : []),
  ]);
}

/** By its state, and by the tag of what is there: a state can be lost. */
async function stackLeft(spec: StackSpec, stacks: StackEngine): Promise<Leftover[]> {
  const [outputs, types] = await Promise.all([stacks.outputs(spec), stacks.remains(spec)]);
  return [
    ...(outputs === null ? [] : [{ kind: 'stack' as const, name: spec.stackName }]),
    ...types.map((name) => ({ kind: 'resource' as const, name })),
  ];
}

async function known(what: string, look: () => Promise<Leftover[]>): Promise<Leftover[]> {
  try {
    return await look();
  } catch (error) {
    return [{ kind: 'unknown', name: `${what}: ${failureOf(error).failure.code}` }];
  }
}
