/** Who wants to know when something of an environment may have changed. */
import type { OnHint, Topic } from '../../db/change-hints.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';

/** @param topic nothing but that has changed; left out, anything may have */
export type Changed = (topic?: Topic) => void;

export interface Watchers {
  /** Told of every change until the returned function is called. */
  watch(key: EnvironmentKey, changed: Changed): () => void;
  /** From the database's hints, or from this process when it has just changed something itself. */
  tell: OnHint;
}

export function openWatchers(): Watchers {
  const watching = new Map<string, Set<Changed>>();
  return {
    watch(key, changed) {
      const name = nameOf(key);
      const set = watching.get(name) ?? new Set();
      watching.set(name, set.add(changed));
      return () => {
        set.delete(changed);
        if (set.size === 0 && watching.get(name) === set) watching.delete(name);
      };
    },
    tell(key, topic) {
      const told = key ? [watching.get(nameOf(key)) ?? []] : [...watching.values()];
      for (const set of told) for (const changed of [...set]) changed(topic);
    },
  };
}

export function nameOf({ tenantId, environmentId }: EnvironmentKey): string {
  return `${tenantId} ${environmentId}`;
}

/** Takes what was closed out of `shared`, unless another one stands in its place by now. */
export function forget<V>(shared: Map<string, V>, name: string, closed: unknown): void {
  if (shared.get(name) === closed) shared.delete(name);
}
