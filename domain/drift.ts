/** What differs between what should run and what runs, in the fields that the platform owns. */
import { scalingText, type Scaling } from './scaling.ts';
import type { Snapshot, SnapshotService } from './snapshot.ts';

export const DRIFT_KINDS = [
  'ImageVersionMismatch',
  'ReplicaCountMismatch',
  'ConfigurationMismatch',
  'SecretVersionMismatch',
  'ScalingPolicyMismatch',
  'TrafficMismatch',
  'MissingService',
  'UnexpectedService',
  'InfrastructureDrift',
] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

export const DRIFT_SEVERITIES = ['Low', 'Medium', 'High', 'Critical'] as const;
export type DriftSeverity = (typeof DRIFT_SEVERITIES)[number];

export const DRIFT_STATUSES = ['Open', 'Resolved'] as const;
export type DriftStatus = (typeof DRIFT_STATUSES)[number];

/** By what callers of the service would notice. */
export const SEVERITY_OF: Record<DriftKind, DriftSeverity> = {
  // Nobody answers.
  MissingService: 'Critical',
  // Callers reach something that was never released, or not with these settings.
  ImageVersionMismatch: 'High',
  TrafficMismatch: 'High',
  ConfigurationMismatch: 'High',
  SecretVersionMismatch: 'High',
  // What the next deployment stands on is not as it was made.
  InfrastructureDrift: 'High',
  // It answers, with less room.
  ReplicaCountMismatch: 'Medium',
  ScalingPolicyMismatch: 'Medium',
  // It takes room, and nobody calls it by the platform.
  UnexpectedService: 'Low',
};

export interface Difference {
  kind: DriftKind;
  /** What it is about: a service's id, or a resource of the stack. */
  subject: string;
  /** Null for what belongs to no service. */
  serviceId: string | null;
  desired: string;
  actual: string;
}

/** A service as its target shows it. */
export interface RunningService {
  serviceId: string;
  revisions: { revision: string; image: string; digest: string; replicas: number }[];
  /** Percent per revision. */
  traffic: Record<string, number>;
}

export interface Desired {
  live: Snapshot;
  /** The policies in force, by service. */
  policies: ReadonlyMap<string, Scaling>;
  /** What earlier releases called these revisions: it tells what of a running one is different. */
  known: ReadonlyMap<string, SnapshotService>;
}

const NOTHING = 'none';

/** Between the release that is live and one look at what runs. Sorted by service and kind. */
export function differences(desired: Desired, running: readonly RunningService[]): Difference[] {
  const byId = new Map(running.map((service) => [service.serviceId, service]));
  const found = Object.values(desired.live.services).flatMap((wanted) =>
    ofService(desired, wanted, byId.get(wanted.serviceId)),
  );
  for (const { serviceId, revisions } of running) {
    if (Object.hasOwn(desired.live.services, serviceId) || !isAlive(revisions)) continue;
    const actual = revisions.map(({ image }) => tagOf(image)).join(', ');
    found.push({ kind: 'UnexpectedService', subject: serviceId, serviceId, desired: NOTHING, actual });
  }
  return found.sort((a, b) => (`${a.subject} ${a.kind}` < `${b.subject} ${b.kind}` ? -1 : 1));
}

/** What two looks agree on, as the later one shows it: one look alone may have come between two steps of somebody. */
export function agreed(first: readonly Difference[], second: readonly Difference[]): Difference[] {
  return second.filter(({ kind, subject }) => first.some((one) => one.kind === kind && one.subject === subject));
}

function ofService(desired: Desired, wanted: SnapshotService, running: RunningService | undefined): Difference[] {
  const { serviceId } = wanted;
  const of = (kind: DriftKind, is: [desired: string, actual: string]): Difference => {
    return { kind, subject: serviceId, serviceId, desired: is[0], actual: is[1] };
  };
  const found: Difference[] = [];
  const inForce = desired.policies.get(serviceId) ?? null;
  const [policy, applied] = [scalingText(inForce), scalingText(wanted.scaling ?? null)];
  if (policy !== applied) found.push(of('ScalingPolicyMismatch', [policy, applied]));

  const revisions = (running?.revisions ?? []).filter(({ replicas }) => replicas > 0);
  if (revisions.length === 0) {
    return wanted.replicas === 0 ? found : [...found, of('MissingService', [tagOf(wanted.image), NOTHING])];
  }
  const own = revisions.find(({ revision }) => revision === wanted.revision);
  const other = own ?? revisions[0];
  if (other && other.digest !== wanted.digest) {
    found.push(of('ImageVersionMismatch', versions(wanted, other)));
  } else if (!own && other) {
    found.push(of(settingsKind(wanted, desired.known.get(other.revision)), [wanted.revision, other.revision]));
  }
  const replicas = revisions.reduce((sum, one) => sum + one.replicas, 0);
  if (replicas !== wanted.replicas && !isWithin(replicas, wanted.scaling ?? null)) {
    found.push(of('ReplicaCountMismatch', [String(wanted.replicas), String(replicas)]));
  }
  const weights = Object.entries(running?.traffic ?? {}).filter(([, percent]) => percent > 0);
  const isRouted = weights.length === 1 && weights[0]?.[0] === wanted.revision;
  if (own && !isRouted) found.push(of('TrafficMismatch', [`${wanted.revision} 100 %`, trafficText(weights)]));
  return found;
}

/** The same image under another revision: something of its settings is different. */
function settingsKind(wanted: SnapshotService, known: SnapshotService | undefined): DriftKind {
  const secrets = ({ secrets: bound = [] }: SnapshotService) => JSON.stringify(bound);
  const isSecrets = known && secrets(known) !== secrets(wanted) && known.configurationHash === wanted.configurationHash;
  return isSecrets ? 'SecretVersionMismatch' : 'ConfigurationMismatch';
}

/** Tags, as people name versions; digests where the tags are the same. */
function versions(wanted: { image: string; digest: string }, actual: { image: string; digest: string }) {
  const tags: [string, string] = [tagOf(wanted.image), tagOf(actual.image)];
  return tags[0] === tags[1] ? ([wanted.digest, actual.digest] as [string, string]) : tags;
}

/** What stands after the name in an image's reference: its tag, else its digest, else the whole. */
export function tagOf(image: string): string {
  const [name = '', digest] = image.split('@');
  return /:([^/:]+)$/.exec(name)?.[1] ?? digest ?? image;
}

function isAlive(revisions: RunningService['revisions']): boolean {
  return revisions.some(({ replicas }) => replicas > 0);
}

/** Within the bounds the autoscaler owns the number. */
function isWithin(replicas: number, scaling: Scaling | null): boolean {
  return scaling !== null && replicas >= scaling.minReplicas && replicas <= scaling.maxReplicas;
}

function trafficText(weights: [string, number][]): string {
  if (weights.length === 0) return NOTHING;
  return weights.map(([revision, percent]) => `${revision} ${percent} %`).join(', ');
}
