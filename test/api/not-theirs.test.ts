/** What is of another tenant, and what is nowhere, cannot be told apart: not by the answer, nor by the work behind it. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Endpoint } from '../../api/endpoint.ts';
import { endpoints } from '../../api/endpoints.ts';
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import { openApiStand, type ApiStand, type CallOptions, type Reply } from '../_support/api.ts';
import { forgeToken } from '../_support/forge-token.ts';
import { nameOf, sampleCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';

const STRANGER = 'fabrikam';
const THEIR_ID = /\b[a-z]+-[0-9a-f]{32}\b/g;

let stand: ApiStand;
let theirs: World;
beforeAll(async () => {
  stand = await openApiStand();
  theirs = await openWorld(stand);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => stand?.[Symbol.asyncDispose]());

/** An id of the same form that nobody has; again, it gives the first one. */
const nobodys = (text: string) =>
  text.replaceAll(THEIR_ID, (id) => `${id.slice(0, -1)}${(15 - parseInt(id.slice(-1), 16)).toString(16)}`);

const targeted: (readonly [name: string, internal: boolean, endpoint: Endpoint])[] = [
  ...endpoints.map((endpoint) => [nameOf(endpoint), false, endpoint] as const),
  ...internalEndpoints.map((endpoint) => [nameOf(endpoint), true, endpoint] as const),
].filter(([, , endpoint]) => endpoint.kind !== 'feed' && endpoint.target !== undefined);

/** The statements of the transactions that were made for the stranger while this ran, in their order. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const { mock } = vi.spyOn(pg.Client.prototype, 'query');
  await work();
  const open = new Map<unknown, string[]>();
  const done: string[] = [];
  mock.calls.forEach((args: unknown[], index) => {
    const client = mock.contexts[index];
    const [query] = args as [string | { text: string }];
    const text = typeof query === 'string' ? query : query.text;
    if (text.startsWith('begin')) open.set(client, []);
    open.get(client)?.push(text);
    if (!/^(?:commit|rollback)$/.test(text)) return;
    const all = open.get(client) ?? [];
    open.delete(client);
    if (all[0]?.includes(`set_config('slipway.tenant', '${STRANGER}'`)) done.push(...all);
  });
  vi.restoreAllMocks();
  return done;
}

/** All of an answer but its trace and its moment. */
function seen({ status, body, headers }: Reply) {
  const { traceId: _, ...rest } = body;
  const own = [...headers].filter(([name]) => !['x-trace-id', 'date'].includes(name));
  return { status, body: rest, headers: Object.fromEntries(own) };
}

describe('what is of another tenant', () => {
  it.each(targeted)(
    'is answered as what is nowhere, from the same statements: %s',
    async (_name, internal, endpoint) => {
      const { method, path, body, headers } = await sampleCall(endpoint, theirs);
      const aud = internal ? { aud: stand.config.oidc.internalAudience } : {};
      const token = forgeToken(stand.config, { claims: { tenantId: STRANGER, ...aud } });
      const ask = async (change: (text: string) => string) => {
        const of: CallOptions = { token, internal, headers };
        if (body !== undefined) of.body = JSON.parse(change(JSON.stringify(body)));
        const replies: Reply[] = [];
        const statements = await statementsOf(async () => replies.push(await stand.call(method, change(path), of)));
        const [reply] = replies;
        if (!reply) throw new Error('nobody answered');
        return { ...seen(reply), statements };
      };
      const named = JSON.stringify({ path, body });
      expect(nobodys(named)).not.toBe(named);
      const ofTheirs = await ask((text) => text);
      const ofNobody = await ask(nobodys);
      expect(ofTheirs.status).toBe(404);
      expect(ofTheirs.statements.length).toBeGreaterThan(2);
      expect(ofTheirs).toEqual(ofNobody);
    },
  );
});
