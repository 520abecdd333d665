/** Who may call the internal endpoints, and that no token of the one side opens the other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../api/endpoint.ts';
import { endpoints } from '../../api/endpoints.ts';
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import { SCOPES } from '../../domain/scopes.ts';
import { openApiStand, type ApiStand, type CallOptions } from '../_support/api.ts';
import { atMost } from '../_support/at-most.ts';
import { BROKEN_TOKENS } from '../_support/broken-tokens.ts';
import { forgeToken } from '../_support/forge-token.ts';
import { sampleCall, type ReadyCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

let stand: ApiStand;
let tables: TenantTables;
let world: World;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
  world = await openWorld(stand);
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

interface Attempt {
  of?: Endpoint[];
  in?: World;
  options: (call: ReadyCall) => CallOptions;
  /** `status code`, or null where the call is to be let through. */
  wanted: (call: ReadyCall) => string | null;
}

/** A line for each endpoint that did not answer what was wanted. */
async function attempt({ of = internalEndpoints, in: where = world, options, wanted }: Attempt): Promise<string[]> {
  const lines = await atMost(8, of, async (endpoint) => {
    const call = await sampleCall(endpoint, where);
    const { headers, ...rest } = options(call);
    const both = { ...call.headers, ...headers };
    const reply = await stand.call(call.method, call.path, { body: call.body, headers: both, ...rest });
    const want = wanted(call);
    const isAsWanted =
      want === null ? call.answers.includes(reply.status) : want === `${reply.status} ${reply.body.code}`;
    return isAsWanted ? [] : [`${call.name}: ${reply.status} ${JSON.stringify(reply.body).slice(0, 300)}, not ${want}`];
  });
  return lines.flat();
}

/** The configuration of a platform whose audiences are swapped, for forging its tokens. */
const ofInternal = () => {
  const { config } = stand;
  const { audience, internalAudience } = config.oidc;
  return { ...config, oidc: { ...config.oidc, audience: internalAudience, internalAudience: audience } };
};
const token = (claims: Record<string, unknown> = {}) => forgeToken(ofInternal(), { claims: { scope: '', ...claims } });

describe('the internal endpoints', () => {
  it.each(BROKEN_TOKENS)('answer $status $code for $what', async (broken) => {
    const authorization = broken.authorization(ofInternal());
    const headers: Record<string, string> = authorization === null ? {} : { authorization };
    const before = await tables.digest();
    const options = () => ({ internal: true, token: null, headers });
    expect(await attempt({ options, wanted: () => `${broken.status} ${broken.code}` })).toEqual([]);
    expect(await tables.digest()).toBe(before);
  });

  it('are not opened by a public token with every scope, nor the public ones by an internal token', async () => {
    const outside = forgeToken(stand.config, { claims: { scope: SCOPES.join(' ') } });
    const inside = token({ scope: SCOPES.join(' ') });
    const wanted = () => '401 TokenInvalid';
    expect(await attempt({ options: () => ({ internal: true, token: outside }), wanted })).toEqual([]);
    expect(await attempt({ of: endpoints, options: () => ({ token: inside }), wanted })).toEqual([]);
  });

  it('are on their own port alone, and the public ones on theirs', async () => {
    const wrongDoor = async (of: Endpoint[], options: CallOptions) =>
      await atMost(8, of, async (endpoint) => {
        const { method, path } = await sampleCall(endpoint, world);
        const { status, body } = await stand.call(method, path, options);
        return `${status} ${body.code}`;
      });
    const statuses = [...(await wrongDoor(internalEndpoints, {})), ...(await wrongDoor(endpoints, { internal: true }))];
    expect(new Set(statuses)).toEqual(new Set(['404 RouteNotFound']));
  });

  it('answer for what is of another tenant as for what is missing', async () => {
    const options = () => ({ internal: true, token: token({ tenantId: 'fabrikam' }) });
    const wanted = ({ endpoint: { target } }: ReadyCall) => (target ? `404 ${target.notFound}` : null);
    expect(await attempt({ options, wanted })).toEqual([]);
  });

  it.each(internalEndpoints)('are opened by their audience alone: $method $route', async (endpoint) => {
    const options = () => ({ internal: true, token: token() });
    expect(await attempt({ of: [endpoint], in: await openWorld(stand), options, wanted: () => null })).toEqual([]);
  });

  it('are opened by a revoked binding where they are about bindings alone', async () => {
    const options = () => ({ internal: true, token: token() });
    const revoked = await openWorld(stand);
    const { environmentId } = revoked.key;
    await tables.query('update tenant_bindings set revoked_at = now() where environment_id = $1', [environmentId]);
    const [unbound, others] = [true, false].map((is) =>
      internalEndpoints.filter(({ target }) => (!target || target.isUnbound === true) === is),
    );
    expect(await attempt({ of: others, in: revoked, options, wanted: () => '403 BindingRevoked' })).toEqual([]);
    expect(await attempt({ of: unbound, in: revoked, options, wanted: () => null })).toEqual([]);
  });
});
