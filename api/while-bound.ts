/** A stream outlives the look that opened it: it ends too when the binding is revoked meanwhile. */
import type { Database } from '../db/client.ts';
import { bindingState } from '../db/environments.ts';
import type { EnvironmentKey } from '../domain/ids.ts';

/** Between two looks at the binding. */
const LOOK_MS = 5_000;

/** Aborted with `signal`, or a few seconds after the binding was revoked. Looks until `signal` is. */
export function whileBound(db: Database, key: EnvironmentKey, signal: AbortSignal): AbortSignal {
  const revoked = new AbortController();
  const look = async () => {
    if ((await db.forTenant(key.tenantId, (tx) => bindingState(tx, key))) !== 'bound') revoked.abort();
  };
  // A database that does not answer now says nothing about the binding.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  const stop = () => clearInterval(timer);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return AbortSignal.any([signal, revoked.signal]);
}
