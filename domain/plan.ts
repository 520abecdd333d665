/** The pure difference between what runs and what should run, as waves of component steps. */
import { hashOf } from './hash.ts';
import { own } from './own.ts';
import type { Snapshot, SnapshotService } from './snapshot.ts';

/** roll: another revision; scale: the same revision, other replicas; retire: take away; keep: nothing to do. */
export type StepAction = 'roll' | 'scale' | 'retire' | 'keep';

export interface PlanStep {
  serviceId: string;
  action: StepAction;
  from: SnapshotService | null;
  to: SnapshotService | null;
}

export interface Plan {
  /** A wave starts when the one before it has ended; the steps of one wave are independent. */
  waves: PlanStep[][];
}

export type DependencyProblem =
  { kind: 'cycle'; services: string[] } | { kind: 'unknown'; service: string; dependsOn: string };

/** What is wrong with the `dependsOn` of these services, or null. */
export function dependencyProblem(services: Record<string, { dependsOn: string[] }>): DependencyProblem | null {
  for (const [service, { dependsOn }] of Object.entries(services)) {
    const missing = dependsOn.find((name) => !Object.hasOwn(services, name));
    if (missing !== undefined) return { kind: 'unknown', service, dependsOn: missing };
  }
  const { left } = order(services);
  return left.length > 0 ? { kind: 'cycle', services: left } : null;
}

/**
 * The steps that make `live` into `wanted`. Services are rolled dependencies first; what is retired goes last, dependents
 * first.
 */
export function plan(live: Snapshot, wanted: Snapshot): Plan {
  const waves = order(wanted.services).waves.map((wave) =>
    wave.map((serviceId) =>
      step(serviceId, own(live.services, serviceId) ?? null, own(wanted.services, serviceId) ?? null),
    ),
  );
  const retired = Object.fromEntries(
    Object.entries(live.services).filter(([serviceId]) => !Object.hasOwn(wanted.services, serviceId)),
  );
  const retirements = order(retired)
    .waves.reverse()
    .map((wave) => wave.map((serviceId) => step(serviceId, retired[serviceId] ?? null, null)));
  return { waves: [...waves, ...retirements] };
}

/** The services that steps do something about. */
export function touchedBy(steps: readonly PlanStep[]): string[] {
  return steps.filter(({ action }) => action !== 'keep').map(({ serviceId }) => serviceId);
}

/** What governance judges: the same plan has the same hash. */
export function planHash(of: Plan): string {
  return hashOf(of);
}

function step(serviceId: string, from: SnapshotService | null, to: SnapshotService | null): PlanStep {
  return { serviceId, from, to, action: actionOf(from, to) };
}

function actionOf(from: SnapshotService | null, to: SnapshotService | null): StepAction {
  if (!to) return 'retire';
  if (!from || from.revision !== to.revision || from.target !== to.target) return 'roll';
  return from.replicas === to.replicas ? 'keep' : 'scale';
}

/** Layers of a topological order; `left` are the members of cycles. Unknown dependencies do not hold anything back. */
function order(services: Record<string, { dependsOn: string[] }>): { waves: string[][]; left: string[] } {
  const done = new Set<string>();
  let left = Object.keys(services).sort();
  const waves: string[][] = [];
  while (left.length > 0) {
    const wave = left.filter((name) =>
      (services[name]?.dependsOn ?? []).every(
        (dependency) => done.has(dependency) || !Object.hasOwn(services, dependency),
      ),
    );
    if (wave.length === 0) break;
    waves.push(wave);
    for (const name of wave) done.add(name);
    left = left.filter((name) => !done.has(name));
  }
  return { waves, left };
}
