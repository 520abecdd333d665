/** Callers who post work without pause and ask again, with the same key, until they are answered. */
import type { Operator } from '../_support/operator.ts';
import { API, FAST_ROLLOUT, bothAt } from '../_support/operator.ts';
import { until } from '../_support/until.ts';

export interface Posting {
  /** The operations that were answered with 202. */
  promised: Set<string>;
  /** Each posts at once, whatever it waits for. @returns when each has been answered or refused, or got no answer, since. */
  everyone(): Promise<void>;
  /** Resolves when every post that was begun has been answered with 202. */
  stop(): Promise<void>;
}

interface Call {
  path: string;
  body: unknown;
}

/** A deployment that changes what runs, a restart, a scan, and so on. @param key of this post alone */
function callOf(environmentId: string, number: number, key: string): Call {
  switch (number % 3) {
    case 0: {
      const version = number % 2 === 0 ? '1.4.1' : '1.4.2';
      const components = bothAt(version, 2).map((component) => ({ ...component, env: { POSTED: key } }));
      const body = { environmentId, releaseRef: `posted-${number}`, components, rollout: FAST_ROLLOUT };
      return { path: '/v1/runtime/deployments', body };
    }
    case 1:
      return { path: `/v1/runtime/services/${API}/restart?environmentId=${environmentId}`, body: {} };
    default:
      return { path: `/v1/runtime/drift/${environmentId}/scan`, body: {} };
  }
}

let postings = 0;

/** So many callers for each environment. */
export function startPosting({ rest }: Operator, environmentIds: string[], callersOfEach: number): Posting {
  const name = `${process.pid}-${(postings += 1)}`;
  const promised = new Set<string>();
  const state = { isOver: false, wakes: 0, tries: 0 };

  async function post(environmentId: string, caller: number, number: number): Promise<string> {
    const key = `${name}-${caller}-${number}`;
    const { path, body } = callOf(environmentId, number, key);
    const answer = await until(
      async () => {
        try {
          const { status, body: said, headers } = await rest.post(path, body, { 'idempotency-key': key });
          return status === 503 ? null : { status, said, location: headers.get('operation-location') };
        } finally {
          state.tries += 1;
        }
      },
      { what: `an answer to POST ${path}`, timeoutMs: 180_000, everyMs: 100 },
    );
    if (answer.status !== 202)
      throw new Error(`POST ${path} answered ${answer.status}: ${JSON.stringify(answer.said)}`);
    return answer.location?.split('/').at(-1) ?? '';
  }

  const isEnded = async (operationId: string) => {
    const { body } = await rest.get<{ status?: string }>(`/v1/runtime/operations/${operationId}`);
    return body.status === 'Succeeded' || body.status === 'Failed';
  };

  const of = environmentIds.flatMap((environmentId) => Array<string>(callersOfEach).fill(environmentId));
  const callers = of.map(async (environmentId, caller) => {
    for (let number = 0; !state.isOver; number += 1) {
      const wakes = state.wakes;
      const operationId = await post(environmentId, caller, number);
      promised.add(operationId);
      const goesOn = async () => state.isOver || state.wakes !== wakes || (await isEnded(operationId));
      await until(goesOn, { what: `${operationId} to end`, timeoutMs: 180_000 });
    }
  });
  // A caller that fails says so when it is waited for, and not before.
  const all = Promise.all(callers);
  all.catch(() => undefined);
  return {
    promised,
    async everyone() {
      state.wakes += 1;
      const enough = state.tries + callers.length;
      await until(() => state.tries >= enough, { what: 'everyone to have posted' });
    },
    async stop() {
      state.isOver = true;
      await all;
    },
  };
}
