/**
 * ComputeTarget: where services run. A driver is convergent: every mutating call names the wanted end, looks before it
 * acts, and may be repeated at any point with the same result. `fence` rises with every attempt of a mutating activity;
 * the target keeps the highest it has seen per environment and refuses a smaller one with
 * `OperationFault('FenceRefused')`. A target that cannot be reached answers `OperationFault('ComputeUnavailable')`.
 */
import { OperationFault } from '../../domain/failures.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { Sample } from '../../domain/gate.ts';
import type { BoundSecret } from '../../domain/secrets.ts';
import type { HealthCheck } from '../../domain/snapshot.ts';

/** A service in an environment; several revisions of it may run at once. */
export interface Workload extends EnvironmentKey {
  serviceId: string;
}

export interface ResolvedImage {
  image: string;
  /** `sha256:` + 64 hex digits. */
  digest: string;
}

/** What the environment's stack made for this target (`StackOutputs`); the driver takes from it what it needs. */
export type Placement = Record<string, unknown>;

/** One revision of a workload as it should run. */
export interface RevisionSpec {
  workload: Workload;
  revision: string;
  image: string;
  digest: string;
  replicas: number;
  /** The port a container would listen on; a target that gives each replica its own port sets PORT to that instead. */
  port: number | null;
  health: HealthCheck;
  /** Environment variables: the configuration's values, then the component's own. */
  env: Record<string, string>;
  /** Configuration files: relative path -> content. `SLIPWAY_CONFIG_DIR` tells the workload where they are. */
  files: Record<string, string>;
  /**
   * Further environment variables, by reference: the target fetches each value whenever it starts a replica, and keeps it
   * nowhere else. `ensure` fails with `OperationFault('SecretNotFound')` when a version is not in the vault.
   */
  secrets?: BoundSecret[];
  placement: Placement;
}

export interface Instance {
  instanceId: string;
  revision: string;
  /** 0 … replicas-1; scaling down takes the highest away. */
  ordinal: number;
  state: 'starting' | 'running' | 'backingOff' | 'stopping';
  /** Of the present incarnation, ms since the epoch; 0 when it has not started yet. */
  startedAtMs: number;
  restarts: number;
  /** Exit code of the last incarnation, null while none has ended. */
  lastExitCode: number | null;
  /** The signal that ended it, when one did. */
  lastExitSignal?: string | null;
  /** Where it listens: `host:port`. */
  address: string;
  /** What it was given; no look at it tells a value. */
  secrets?: BoundSecret[];
}

/** Percent of the traffic per revision; they add up to 100, or the record is empty when nothing is routed. */
export type TrafficWeights = Record<string, number>;

export interface ObservedRevision {
  revision: string;
  image: string;
  digest: string;
  replicas: number;
}

export interface ObservedService {
  serviceId: string;
  revisions: ObservedRevision[];
  traffic: TrafficWeights;
  /** To how many replicas of each routed revision requests may go. */
  routed: Record<string, number>;
  /** Where callers reach it, e.g. `http://127.0.0.1:20000`; null when it has no route. */
  endpoint: string | null;
}

export interface LogLine {
  instanceId: string;
  revision: string;
  line: string;
}

export interface LogOptions {
  revision?: string;
  /** The last so many lines of each instance. */
  tail: number;
  follow: boolean;
  signal: AbortSignal;
}

export interface ComputeTarget {
  /** Names the content behind a reference. @throws OperationFault `ImageNotFound` when the store has no such image. */
  resolve(image: string): Promise<ResolvedImage>;
  /** Makes exactly `spec.replicas` replicas of this revision exist. Does not wait for health and moves no traffic to new replicas. */
  ensure(spec: RevisionSpec, fence: number): Promise<void>;
  /** Changes the replicas of a revision that exists; those that go are drained first (no new requests, in-flight ones end). */
  scale(workload: Workload, revision: string, replicas: number, fence: number): Promise<void>;
  /** Every replica of every revision, by revision and ordinal. */
  instances(workload: Workload): Promise<Instance[]>;
  /**
   * One look at one replica, in seconds at most; never throws: what cannot be asked is `noData`, what answers badly is
   * `unhealthy`. Where the answer names checks, they are the sample's. Secrets of the replica are in none of it.
   */
  health(instance: Instance, check: HealthCheck): Promise<Sample>;
  /** Sets the absolute weights over the replicas that exist now; resolves when requests follow them. Returns the endpoint. */
  shiftTraffic(workload: Workload, weights: TrafficWeights, fence: number): Promise<{ endpoint: string }>;
  /** Takes a revision away whole: out of the route, drained, stopped, forgotten. A revision that is not there is fine. */
  retire(workload: Workload, revision: string, fence: number): Promise<void>;
  /** Removes the route of a workload that has no revision left. */
  unroute(workload: Workload, fence: number): Promise<void>;
  /**
   * What really runs in the environment. With a fence that is claimed first: what an earlier attempt still has on its way
   * comes to nothing, so that nothing is added to what was seen.
   */
  observe(environment: EnvironmentKey, fence?: number): Promise<ObservedService[]>;
  /** The output of the replicas, oldest first, without values of their secrets; with `follow` it goes on until `signal`. */
  logs(workload: Workload, options: LogOptions): AsyncIterable<LogLine>;
}

/**
 * The image of every component, by module id; one that brings its digest was resolved before, and stays as it is.
 *
 * @throws OperationFault of the first that does not resolve, with its component
 */
export async function resolveImages(
  compute: Pick<ComputeTarget, 'resolve'>,
  components: { moduleId: string; image: string; digest?: string }[],
): Promise<Map<string, ResolvedImage>> {
  const resolved = new Map<string, ResolvedImage>();
  for (const { moduleId, image, digest } of components) {
    try {
      resolved.set(moduleId, digest === undefined ? await compute.resolve(image) : { image, digest });
    } catch (error) {
      if (!(error instanceof OperationFault)) throw error;
      throw new OperationFault({ ...error.failure, serviceId: moduleId }, error);
    }
  }
  return resolved;
}
