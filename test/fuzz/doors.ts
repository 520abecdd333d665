/** The documents that are fuzzed, each with the API that serves it. */
import { openApiStand, type ApiStand } from '../_support/api.ts';
import type { TokenVerifier } from '../../api/auth/token.ts';
import { startComputePlatform } from '../_support/compute-platform.ts';
import { internalContract, publicContract, type Contract } from '../_support/contract.ts';
import { openWorld, SECRET } from '../_support/sample-world.ts';

export interface Door {
  name: 'public' | 'internal';
  contract: Contract;
  url: string;
  token: string;
  /** Its streams do not end in a moment: they are left out. */
  isEndless: boolean;
  /** Where in a request -> values of what is there, made for one part of a run; none of a platform that runs already. */
  known(): Promise<Record<string, string[]>>;
}

/** A stream is asked for like anything else, and is over when its token is. */
const STREAM_MS = 100;
const TOKEN_SECONDS = 4 * 3600;
/** What is done to one world (it is decommissioned, say) leaves others. */
const STAGES = ['dev', 'prod', 'dev', 'prod'] as const;

/** Opens an API of its own, over real Postgres, Temporal, issuer and supervisor, without rate limits. */
export async function openDoors(): Promise<AsyncDisposable & { doors: Door[] }> {
  await using opening = new AsyncDisposableStack();
  const platform = opening.adopt(await startComputePlatform(), ({ stop }) => stop());
  const stand = opening.use(await openApiStand());
  const { tokens, internalTokens } = stand.deps;
  const api = await stand.start({
    compute: platform.compute,
    tokens: soonOver(tokens),
    internalTokens: soonOver(internalTokens),
  });
  const audience = stand.config.oidc.internalAudience;
  const of = { isEndless: false, known: () => makeKnown(stand) };
  const ttlSeconds = TOKEN_SECONDS;
  const token = await stand.token({ ttlSeconds });
  const internalToken = await stand.token({ ttlSeconds, audience, scopes: [] });
  const doors: Door[] = [
    { name: 'public', contract: publicContract, url: api.rest.url, token, ...of },
    { name: 'internal', contract: internalContract, url: api.internal.url, token: internalToken, ...of },
  ];
  const opened = opening.move();
  return { doors, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Every token has just begun to be valid when it is looked at, and is about to expire. */
function soonOver({ verify, known }: TokenVerifier): TokenVerifier {
  return {
    verify: async (credentials) => ({ ...(await verify(credentials)), expiresAtMs: Date.now() + STREAM_MS }),
    known,
  };
}

async function makeKnown(stand: ApiStand): Promise<Record<string, string[]>> {
  const known: Record<string, Set<string>> = { 'body.secrets[*].secret': new Set([SECRET]) };
  const add = (place: string, value: string) => (known[place] ??= new Set()).add(value);
  for (const stage of STAGES) {
    const { ids } = await openWorld(stand, { stage });
    const { environmentId } = ids;
    const internal = true;
    const bindings = await stand.call('GET', `/v1/runtime/internal/tenant-bindings?environmentId=${environmentId}`, {
      internal,
    });
    const [binding] = bindings.body.items as { tenantBindingId: string }[];
    const { body } = await stand.call('GET', `/v1/runtime/environments/${environmentId}`);
    const { services } = body.inventory as { services: { revision: string }[] };
    for (const { revision } of services) add('body.revision', revision);
    for (const [name, id] of Object.entries({ ...ids, tenantBindingId: String(binding?.tenantBindingId) })) {
      for (const where of ['path', 'query', 'body']) add(`${where}.${name}`, id);
    }
  }
  return Object.fromEntries(Object.entries(known).map(([place, values]) => [place, [...values]]));
}

/** A platform that runs already, by its URLs and tokens. */
export function doorsOf(given: { url?: string; token?: string; internalUrl?: string; internalToken?: string }): Door[] {
  const of = { isEndless: true, known: () => Promise.resolve({}) };
  const { url, token = '', internalUrl, internalToken = '' } = given;
  return [
    ...(url === undefined ? [] : [{ name: 'public' as const, contract: publicContract, url, token, ...of }]),
    ...(internalUrl === undefined
      ? []
      : [{ name: 'internal' as const, contract: internalContract, url: internalUrl, token: internalToken, ...of }]),
  ];
}
