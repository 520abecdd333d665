/**
 * What was read of an environment, kept until something of it is committed. It answers what is asked very often without a
 * look at the database, and is never older than the notice of a change takes: while the database does not tell changes,
 * nothing is answered from here.
 */
import type { Database, Tx } from '../../db/client.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { nameOf, type Watchers } from './watchers.ts';

export interface Memory {
  /**
   * @param what of the environment; the same words, the same value
   * @param load reads it. What it throws is not kept
   */
  recall<T>(key: EnvironmentKey, what: string, load: (tx: Tx) => Promise<T>): T | Promise<T>;
}

/** The environment that was asked for first is forgotten first. */
const MAX_ENVIRONMENTS = 1_000;

interface Remembered {
  values: Map<string, unknown>;
  forget(): void;
}

export function openMemory(db: Database, watchers: Watchers, isCurrent: () => boolean): Memory {
  const environments = new Map<string, Remembered>();

  const remember = (key: EnvironmentKey): Remembered => {
    const name = nameOf(key);
    const known = environments.get(name);
    if (known) return known;
    const [oldest] = environments.values();
    if (environments.size >= MAX_ENVIRONMENTS) oldest?.forget();
    const forget = () => {
      unwatch();
      environments.delete(name);
    };
    const unwatch = watchers.watch(key, forget);
    const remembered = { values: new Map<string, unknown>(), forget };
    environments.set(name, remembered);
    return remembered;
  };

  return {
    recall<T>(key: EnvironmentKey, what: string, load: (tx: Tx) => Promise<T>): T | Promise<T> {
      if (!isCurrent()) return db.forTenant(key.tenantId, load);
      // What is forgotten while it is being read is a value that nobody looks at any more.
      const { values } = remember(key);
      if (values.has(what)) return values.get(what) as T | Promise<T>;
      const loading = db.forTenant(key.tenantId, load);
      values.set(what, loading);
      loading.then(
        (value) => values.set(what, value),
        () => values.delete(what),
      );
      return loading;
    },
  };
}
