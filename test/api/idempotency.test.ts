/** What a key promises, for every endpoint that takes one; the details of keys are in acceptance.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../api/endpoint.ts';
import { endpoints } from '../../api/endpoints.ts';
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import { canonicalJson } from '../../domain/hash.ts';
import { openApiStand, type ApiStand, type Reply } from '../_support/api.ts';
import { deploymentAt } from '../_support/api-states.ts';
import { forgeToken } from '../_support/forge-token.ts';
import { isCommand, nameOf, sampleCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

const AT_ONCE = 200;

let stand: ApiStand;
let tables: TenantTables;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

const operations = async () => (await tables.query<{ id: string }>('select id from operations')).map(({ id }) => id);
const leadsTo = (reply: Reply) => reply.headers.get('operation-location')?.split('/').at(-1);

/** A feed is none: each of its lines is answered for itself. */
const changes: (readonly [name: string, internal: boolean, endpoint: Endpoint])[] = [
  ...endpoints.map((endpoint) => [nameOf(endpoint), false, endpoint] as const),
  ...internalEndpoints.map((endpoint) => [nameOf(endpoint), true, endpoint] as const),
].filter(([, , { kind }]) => kind === 'mutation');

/** With a deployment on its way, where the endpoint commands one. */
async function worldFor(endpoint: Endpoint, options: { tenantId?: string } = {}): Promise<World> {
  const world = await openWorld(stand, options);
  return isCommand(endpoint) ? { ...world, onItsWay: await deploymentAt(stand, world.key, 'RollingOut', 0) } : world;
}

describe.each(changes)('%s', (name, internal, endpoint) => {
  it(`answers ${AT_ONCE} calls at once with one key by one change`, async () => {
    const { method, path, body, headers, answers } = await sampleCall(endpoint, await worldFor(endpoint));
    const key = `at-once ${name}`.replaceAll(' ', '-');
    const call = () => stand.call(method, path, { body, internal, headers: { ...headers, 'idempotency-key': key } });
    const before = await operations();
    const replies = await Promise.all(Array.from({ length: AT_ONCE }, call));
    const [first] = replies;
    if (!first) throw new Error('nobody was answered');
    expect(answers).toContain(first.status);
    for (const reply of replies) {
      expect(reply.status).toBe(first.status);
      expect(canonicalJson(reply.body)).toBe(canonicalJson(first.body));
      expect(reply.headers.get('x-trace-id')).toBe(first.headers.get('x-trace-id'));
    }
    expect(replies.filter((reply) => !reply.headers.has('idempotency-replayed'))).toHaveLength(1);
    const receipts = await tables.query('select 1 from requests where idempotency_key = $1', [key]);
    expect(receipts).toHaveLength(1);
    const made = (await operations()).filter((id) => !before.includes(id));
    const operation = leadsTo(first);
    expect(made).toEqual(operation && !before.includes(operation) ? [operation] : []);
  });

  it('takes one key of two clients, of two people at one client, and of two tenants, for as many calls: nobody is answered for another', async () => {
    const key = `shared ${name}`.replaceAll(' ', '-');
    const callers = [
      { tenantId: 'connectsoft', client_id: 'portal' },
      { tenantId: 'connectsoft', client_id: 'pipeline' },
      { tenantId: 'connectsoft', client_id: 'portal', sub: 'colleague' },
      { tenantId: 'fabrikam', client_id: 'portal' },
    ];
    const asked = async (claims: (typeof callers)[number]) => {
      const { method, path, body, headers } = await sampleCall(endpoint, await worldFor(endpoint, claims));
      // Another input each: whoever shared the key with another would be told that it was used.
      const token = forgeToken(stand.config, {
        claims: { ...claims, ...(internal && { aud: stand.config.oidc.internalAudience }) },
      });
      const call = () =>
        stand.call(method, path, { body, token, internal, headers: { ...headers, 'idempotency-key': key } });
      return [await call(), await call()] as const;
    };
    for (const claims of callers) {
      const [first, again] = await asked(claims);
      expect(first.status).toBeLessThan(300);
      expect(first.headers.get('idempotency-replayed')).toBeNull();
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(again.body).toEqual(first.body);
    }
    const receipts = await tables.query('select tenant_id, client_id from requests where idempotency_key = $1', [key]);
    expect(receipts).toHaveLength(callers.length);
  });
});
