/** `/healthz`: this process answers. `/readyz`: what it needs answers too, and what it asks beside it. Neither asks for a token. */
import type { ReadinessCheck } from '../deps.ts';
import type { Answer } from '../endpoint.ts';

const TIMEOUT_MS = 2_000;

export interface Readiness {
  check(): Promise<Answer>;
  /** From now on not ready, so that no new calls are sent here while the old ones end. */
  goDown(): void;
}

export function openReadiness(checks: ReadinessCheck[]): Readiness {
  let down = false;
  return {
    goDown: () => {
      down = true;
    },
    async check() {
      const results = await Promise.all(checks.map(lookAt));
      const ready = !down && results.every(({ needed, status }) => !needed || status === 'ok');
      return {
        status: ready ? 200 : 503,
        headers: { 'content-type': 'application/json', ...(!ready && { 'retry-after': '5' }) },
        body: { status: ready ? 'ready' : down ? 'stopping' : 'notReady', checks: results },
      };
    },
  };
}

interface Look {
  name: string;
  needed: boolean;
  status: 'ok' | 'failed';
}

async function lookAt({ name, isNeeded: needed, check }: ReadinessCheck): Promise<Look> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const late = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => late.reject(signal.reason), { once: true });
  try {
    await Promise.race([check(signal), late.promise]);
    return { name, needed, status: 'ok' };
  } catch {
    return { name, needed, status: 'failed' };
  }
}
