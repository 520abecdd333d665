/** The health of a service: a pure function from one look at each of its replicas to a status and its named checks. */

/**
 * - `Healthy`: as many replicas as should run answer that they are, and every check of theirs holds.
 * - `Degraded`: it serves, but not whole: a replica is missing or unhealthy beside healthy ones, or a check says so.
 * - `Unhealthy`: no replica is healthy. One that is there and does not answer is not.
 * - `Unknown`: nobody could look: it was not probed yet, its target cannot be reached, or it should have no replica.
 */
export const HEALTH_STATUSES = ['Healthy', 'Degraded', 'Unhealthy', 'Unknown'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** One named part of a service's health. */
export interface CheckResult {
  name: string;
  status: HealthStatus;
  /** How long the check took, ms; of several replicas the slowest. Left out where nobody measured it. */
  durationMs?: number;
}

export interface ServiceHealth {
  status: HealthStatus;
  /** `self` first, then those that the workload names, in its order. Empty while nobody could look. */
  checks: CheckResult[];
}

/** One look at a replica, and whether that is of the revision that should run. */
export interface ReplicaLook {
  isLive: boolean;
  /** `noData`: it is there, and did not answer. */
  status: 'healthy' | 'unhealthy' | 'noData';
  /** What it says of its parts, when it does. */
  checks?: CheckResult[];
}

/** The check that the platform makes itself: the replica is there and answers for itself. */
export const SELF = 'self';
export const UNKNOWN_HEALTH: ServiceHealth = { status: 'Unknown', checks: [] };

/**
 * @param looks at every replica that runs. One of another revision counts for the service when it is healthy, because it
 *   stands in while a deployment replaces the others, and never against it.
 * @param wanted how many replicas should run.
 */
export function judgeService(looks: readonly ReplicaLook[], wanted: number): ServiceHealth {
  if (wanted === 0 && looks.length === 0) return UNKNOWN_HEALTH;
  const counted = looks.filter(({ isLive, status }) => isLive || status === 'healthy');
  const replicas = counted.map(checksOfReplica);
  const missing = Math.max(0, wanted - replicas.length);
  const absent: CheckResult[] = [{ name: SELF, status: 'Unhealthy' }];
  const checks = merge([...replicas, ...Array<CheckResult[]>(missing).fill(absent)]);
  const healthy = counted.filter(({ status }) => status === 'healthy').length;
  if (healthy === 0) return { status: 'Unhealthy', checks };
  const isWhole = healthy >= wanted && healthy === counted.length;
  const holds = checks.every(({ status }) => status === 'Healthy' || status === 'Unknown');
  return { status: isWhole && holds ? 'Healthy' : 'Degraded', checks };
}

/** A replica that answers badly and names no check that does is itself what is wrong. */
function checksOfReplica({ status, checks = [] }: ReplicaLook): CheckResult[] {
  const explained = status === 'unhealthy' && checks.some((check) => check.status === 'Unhealthy');
  const self: CheckResult = { name: SELF, status: status === 'healthy' || explained ? 'Healthy' : 'Unhealthy' };
  return [self, ...checks];
}

/** By name, in the order of their first mention. Replicas (or a replica and the platform) that differ make it Degraded. */
function merge(replicas: readonly CheckResult[][]): CheckResult[] {
  const merged = new Map<string, CheckResult>();
  for (const replica of replicas) {
    const ofThis = new Map<string, CheckResult>();
    // What a workload calls `self` is the same question as ours: the worse answer is its own.
    for (const check of replica) ofThis.set(check.name, both(ofThis.get(check.name), check, worse));
    for (const [name, check] of ofThis) merged.set(name, both(merged.get(name), check, mixed));
  }
  return [...merged.values()];
}

function both(
  before: CheckResult | undefined,
  { name, status, durationMs }: CheckResult,
  of: (a: HealthStatus, b: HealthStatus) => HealthStatus,
): CheckResult {
  const durations = [before?.durationMs, durationMs].filter((value) => value !== undefined);
  return {
    name,
    status: before ? of(before.status, status) : status,
    ...(durations.length > 0 && { durationMs: Math.max(...durations) }),
  };
}

const BADNESS: Record<HealthStatus, number> = { Unknown: 0, Healthy: 1, Degraded: 2, Unhealthy: 3 };

const worse = (a: HealthStatus, b: HealthStatus) => (BADNESS[a] >= BADNESS[b] ? a : b);

function mixed(a: HealthStatus, b: HealthStatus): HealthStatus {
  if (a === b || b === 'Unknown') return a;
  return a === 'Unknown' ? b : 'Degraded';
}
