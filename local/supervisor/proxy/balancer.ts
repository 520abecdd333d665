/** Chooses a backend: the revision by weight, then its backends in turn. Counts the requests in flight on each. */
import { setTimeout as pause } from 'node:timers/promises';
import type { RouteRevision } from './input.ts';

const DRAIN_POLL_MS = 20;

interface WeightedRevision extends RouteRevision {
  /** Smooth weighted round robin: what the revision has saved up. */
  credit: number;
  turn: number;
}

export class Balancer {
  #revisions: WeightedRevision[] = [];
  readonly #inFlight = new Map<string, number>();

  /** New requests follow `revisions` from here on. */
  set(revisions: readonly RouteRevision[]): void {
    const before = new Map(this.#revisions.map((revision) => [revision.revision, revision]));
    this.#revisions = revisions.map((revision) => {
      const { credit = 0, turn = 0 } = before.get(revision.revision) ?? {};
      return { ...revision, credit, turn };
    });
  }

  /**
   * Takes the next backend, which counts as in flight until `release`; null when there is none but the `tried` ones.
   * When every backend of the chosen revision was tried, those of the others serve.
   */
  acquire(tried: ReadonlySet<string>): string | null {
    const open = (revision: WeightedRevision) => revision.backends.filter((backend) => !tried.has(backend));
    const candidates = this.#revisions.filter((revision) => revision.weight > 0 && open(revision).length > 0);
    const chosen = chooseByWeight(candidates);
    if (!chosen) return null;
    const backends = open(chosen);
    const backend = backends[chosen.turn % backends.length] as string;
    chosen.turn += 1;
    this.#inFlight.set(backend, this.inFlight(backend) + 1);
    return backend;
  }

  release(backend: string): void {
    const left = this.inFlight(backend) - 1;
    if (left > 0) this.#inFlight.set(backend, left);
    else this.#inFlight.delete(backend);
  }

  inFlight(backend: string): number {
    return this.#inFlight.get(backend) ?? 0;
  }

  /** Resolves true when no backend outside the route has a request in flight, false when that takes longer. */
  async drained(patienceMs: number): Promise<boolean> {
    const deadline = Date.now() + patienceMs;
    while (this.#busyOutside()) {
      if (Date.now() >= deadline) return false;
      await pause(DRAIN_POLL_MS);
    }
    return true;
  }

  #busyOutside(): boolean {
    const routed = new Set(this.#revisions.flatMap((revision) => revision.backends));
    return [...this.#inFlight.keys()].some((backend) => !routed.has(backend));
  }
}

/** Smooth weighted round robin: exact shares, and the turns of a heavy revision do not come in one lump. */
function chooseByWeight(candidates: WeightedRevision[]): WeightedRevision | null {
  let chosen: WeightedRevision | null = null;
  let total = 0;
  for (const revision of candidates) {
    revision.credit += revision.weight;
    total += revision.weight;
    if (chosen === null || revision.credit > chosen.credit) chosen = revision;
  }
  if (chosen) chosen.credit -= total;
  return chosen;
}
