/** The immutable whole of what should run in an environment, and the names derived from it. */
import type { ConfigurationId, DeploymentId } from './ids.ts';
import type { ComputeTargetName } from './phases.ts';
import { hashOf } from './hash.ts';
import type { Scaling } from './scaling.ts';
import type { BoundSecret } from './secrets.ts';

/** How a replica's health is asked for. */
export type HealthCheck = { kind: 'http'; path: string } | { kind: 'tcp' } | { kind: 'grpc'; service: string };

/** One service as it should run. Everything but `replicas`, `scaling` and `dependsOn` decides its revision. */
export interface SnapshotService {
  serviceId: string;
  /** The full reference as it was asked for, e.g. `acr.azurecr.io/reservations-api:1.4.2`. */
  image: string;
  /** `sha256:` + 64 hex digits: what really runs. */
  digest: string;
  target: ComputeTargetName;
  replicas: number;
  /** The policy that the replicas are within; left out by snapshots from before there were policies, as good as null. */
  scaling?: Scaling | null;
  port: number | null;
  health: HealthCheck;
  env: Record<string, string>;
  resources: { cpuMillicores?: number; memoryMib?: number };
  dependsOn: string[];
  configurationId: ConfigurationId | null;
  /** The configuration's content hash, so that the same id and the same content name the same revision. */
  configurationHash: string | null;
  /** By name; left out where there are none. The versions are part of the revision: another version is another one. */
  secrets?: BoundSecret[];
  /** The last restart of the service; left out where there was none. It makes another revision of what is else the same. */
  restartedBy?: DeploymentId;
  revision: string;
}

export interface Snapshot {
  services: Record<string, SnapshotService>;
}

export const EMPTY_SNAPSHOT: Snapshot = { services: {} };

/** `r` + 12 hex digits of what makes two deployments of a service the same running thing (replicas and their bounds are not part of it). */
export function revisionOf(service: Omit<SnapshotService, 'revision'>): string {
  const { replicas, scaling, dependsOn, ...content } = service;
  return `r${hashOf(content).slice(0, 12)}`;
}

/** The same service as another revision, so that every replica is replaced. */
export function restarted({ revision: _before, ...service }: SnapshotService, by: DeploymentId): SnapshotService {
  const content = { ...service, restartedBy: by };
  return { ...content, revision: revisionOf(content) };
}
