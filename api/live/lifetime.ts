/** A stream outlives the look that opened it: it ends when its token expires or the binding is revoked. */
import { bindingState, type BindingState } from '../../db/environments.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { Caller } from '../caller.ts';
import { bindingRevoked } from '../tenant-guard.ts';
import type { View } from './view.ts';

/** It is over when it is disposed of, or the call's own signal is aborted. */
export interface Lifetime extends Disposable {
  /** Aborted with the PlatformError that the reader is told; or because the call's own signal was. */
  signal: AbortSignal;
}

/**
 * @param key of the environment that the stream is about; null when it is about none
 * @param left aborted when the call is over
 */
export type OpenLifetime = (caller: Caller, key: EnvironmentKey | null, left: AbortSignal) => Lifetime;

/** The longest that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function openLifetimes(view: View): OpenLifetime {
  return (caller, key, left) => {
    const over = new AbortController();
    const expired = () => over.abort(new PlatformError('TokenExpired', 'The token has expired.'));
    const timer = setTimeout(expired, Math.min(Math.max(caller.expiresAtMs - Date.now(), 0), MAX_TIMER_MS));
    const end = () => {
      left.removeEventListener('abort', end);
      clearTimeout(timer);
      over.abort(left.reason);
    };
    left.addEventListener('abort', end, { once: true });
    if (left.aborted) end();
    else if (key) void endWithBinding(view, key, over);
    return { signal: over.signal, [Symbol.dispose]: end };
  };
}

async function endWithBinding(view: View, key: EnvironmentKey, over: AbortController): Promise<void> {
  const binding = view<BindingState>({
    name: 'binding',
    key,
    load: (tx) => bindingState(tx, key),
    mark: (state) => state,
    unlike: 'health',
  });
  await binding(
    {
      write(frame, _skipped, taken) {
        if (frame.value !== 'bound') over.abort(bindingRevoked());
        taken();
      },
    },
    over.signal,
  ).catch((error: unknown) => over.abort(error));
}
