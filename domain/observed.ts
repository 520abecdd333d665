/** What a worker on the outside sees of a service. It stands beside what Slipway says of it, and is never mixed with that. */
export const OBSERVED_STATUSES = ['Running', 'Degraded', 'Missing'] as const;

export interface Observed {
  /** The revision that was looked at. */
  revision: string;
  /** ISO-8601, by the clock of whoever looked. */
  observedAt: string;
  status: (typeof OBSERVED_STATUSES)[number];
  /** Replicas that were found. */
  replicas?: number;
  /** What really runs, where the target can say. */
  digest?: string;
  /** Where it is reached from outside, beyond the endpoint that Slipway gave it; never called by Slipway. */
  endpoints?: string[];
}

/** Whether two looks saw the same, whenever that was. */
export function sawTheSame(one: Observed | null, other: Observed): boolean {
  if (one === null) return false;
  const of = ({ revision, status, replicas, digest, endpoints }: Observed) =>
    JSON.stringify([revision, status, replicas ?? null, digest ?? null, endpoints ?? null]);
  return of(one) === of(other);
}
