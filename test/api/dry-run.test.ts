import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../api/endpoints.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { nameOf, sampleCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

let stand: ApiStand;
let world: World;
let tables: TenantTables;
beforeAll(async () => {
  stand = await openApiStand();
  world = await openWorld(stand);
  tables = await openTenantTables(stand.config.databaseUrl);
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

const governed = endpoints.filter((endpoint) => endpoint.kind === 'mutation' && endpoint.governed);
const whole = async () => ({
  tables: await tables.digest(),
  receipts: await tables.query('select count(*) from requests'),
  rings: stand.rings.length,
});

async function rehearsed(
  name: string,
  change: { query?: string; headers?: Record<string, string>; api?: object } = {},
) {
  const endpoint = governed.find((one) => nameOf(one) === name);
  if (!endpoint) throw new Error(`no governed endpoint ${name}`);
  const { method, path, body, headers } = await sampleCall(endpoint, world);
  const asked = `${path}${path.includes('?') ? '&' : '?'}dryRun=${change.query ?? 'true'}`;
  const options = { body, headers: { ...headers, ...change.headers }, ...change.api };
  return { reply: await stand.call(method, asked, options), endpoint };
}

describe('a dry run', () => {
  it.each(governed.map(nameOf))('of %s answers what the call would, and leaves nothing', async (name) => {
    const before = await whole();
    const { reply, endpoint } = await rehearsed(name, { headers: { 'idempotency-key': 'a-dry-run' } });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ dryRun: true, governance: { decision: 'allow' } });
    expect(Object.keys(endpoint.output)).toContain(String(reply.body.wouldAnswer));
    expect(await whole()).toEqual(before);
  });

  it('tells the waves of a rollback, with what runs before and after', async () => {
    const { reply } = await rehearsed('POST /runtime/deployments/{deploymentId}/rollback');
    const { waves } = reply.body.plan as { waves: { serviceId: string; action: string }[][] };
    const steps = waves.flat().map(({ serviceId, action }) => [serviceId, action]);
    expect(steps.sort()).toEqual([
      ['module-billing-worker', 'keep'],
      ['module-reservations-api', 'keep'],
    ]);
  });

  it('tells that a restart rolls the one service', async () => {
    const { reply } = await rehearsed('POST /runtime/services/{serviceId}/restart');
    const { waves } = reply.body.plan as { waves: { serviceId: string; action: string }[][] };
    expect(waves.flat().filter(({ action }) => action !== 'keep')).toEqual([
      expect.objectContaining({ serviceId: 'module-reservations-api', action: 'roll' }),
    ]);
  });

  it('says what stands in the way of a plan instead of failing: no target can be asked about the images here', async () => {
    const { reply } = await rehearsed('POST /runtime/deployments');
    expect(reply.body).toMatchObject({
      wouldAnswer: 202,
      plan: null,
      problems: [{ code: 'ComputeUnavailable', serviceId: 'module-reservations-api' }],
    });
  });

  it('is refused by what the call would be refused by, and leaves no receipt of that either', async () => {
    const before = await whole();
    const body = {
      environmentId: world.ids.environmentId,
      serviceId: 'module-reservations-api',
      secrets: [{ name: 'A', secret: 'nobody-has-it' }],
    };
    const missing = await stand.call('POST', '/v1/runtime/secret-bindings?dryRun=true', { body });
    expect([missing.status, missing.body.code]).toEqual([404, 'SecretNotFound']);
    const scopeless = await stand.call('POST', '/v1/runtime/secret-bindings?dryRun=true', {
      body,
      token: { scopes: ['runtime.health.read'] },
    });
    expect([scopeless.status, scopeless.body.code]).toEqual([403, 'ScopeMissing']);
    expect(await whole()).toEqual(before);
  });

  it('shows a denial of governance as its verdict', async () => {
    const decide = ({ planHash }: { planHash: string }) =>
      Promise.resolve({ decision: 'deny' as const, reasons: ['freeze'], obligations: [], planHash });
    const api = await stand.start({ governance: { decide } });
    const { reply } = await rehearsed('POST /runtime/environments', { api: { api } });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ wouldAnswer: null, governance: { decision: 'deny', reasons: ['freeze'] } });
  });

  it('is asked for by true or false alone, and only where governance is asked', async () => {
    const { reply } = await rehearsed('POST /runtime/deployments', { query: 'yes' });
    expect(reply.status).toBe(400);
    expect(reply.body.errors).toEqual([{ pointer: '?dryRun', message: 'is true or false' }]);
    const elsewhere = await stand.call('GET', '/v1/runtime/environments?dryRun=true');
    expect(elsewhere.body.errors?.map(({ pointer }) => pointer)).toEqual(['?dryRun']);
    const { reply: real } = await rehearsed('POST /runtime/services/{serviceId}/restart', { query: 'false' });
    expect(real.status).toBe(202);
  });
});
