import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../domain/hash.ts';
import { openCedar } from '../../providers/governance/cedar.ts';
import { openApiStand, ROOT, type ApiStand, type CallOptions, type RunningApi } from '../_support/api.ts';
import { deployBody, freshName, PROVISION, readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
let sql: Client;
const folders: string[] = [];
beforeAll(async () => {
  stand = await openApiStand();
  sql = new Client({ connectionString: stand.config.databaseUrl });
  await sql.connect();
});
afterAll(async () => {
  await sql?.end();
  await stand?.[Symbol.asyncDispose]();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const asked = (change: object = {}) => ({ ...PROVISION, name: freshName(), ...change });
const provision = (body: unknown, idempotencyKey?: string, options: CallOptions = {}) =>
  stand.call('POST', '/v1/runtime/environments', {
    body,
    headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
    ...options,
  });
const receipts = async (traceId: unknown) =>
  (await sql.query<Record<string, unknown>>('select * from requests where trace_id = $1', [traceId])).rows;

describe('Idempotency-Key', () => {
  it('answers the first answer again, with its status, places and trace, and starts nothing', async () => {
    const body = asked();
    const first = await provision(body, 'again');
    const second = await provision(body, 'again');
    expect(first.status).toBe(202);
    expect(second.status).toBe(202);
    expect(second.body).toEqual(first.body);
    for (const name of ['location', 'operation-location', 'x-trace-id', 'cs-schema-version']) {
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    }
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const { rows } = await sql.query('select id from operations where environment_id = $1', [first.body.environmentId]);
    expect(rows).toHaveLength(1);
  });

  it('answers 422 for another body', async () => {
    await provision(asked(), 'other');
    const reply = await provision(asked(), 'other');
    expect(reply.status).toBe(422);
    expect(reply.body.code).toBe('IdempotencyKeyReused');
  });

  it('answers 200 calls at once with one key by one operation', async () => {
    const body = asked();
    const replies = await Promise.all(Array.from({ length: 200 }, () => provision(body, 'at-once')));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(replies.map((reply) => canonicalJson(reply.body))).size).toBe(1);
    const { rows } = await sql.query('select id from environments where name = $1', [body.name]);
    expect(rows).toHaveLength(1);
    const operations = await sql.query('select id from operations where environment_id = $1', [
      replies[0]?.body.environmentId,
    ]);
    expect(operations.rows).toHaveLength(1);
  });

  it('belongs to tenant, client and route: elsewhere the same key is another', async () => {
    const { tenantId: _t, ...body } = asked();
    const first = await provision(body, 'mine');
    const second = await provision(body, 'mine', { token: { tenant: 'fabrikam' } });
    expect(second.status).toBe(202);
    expect(second.body.environmentId).not.toBe(first.body.environmentId);
    const configuration = { environmentId: first.body.environmentId };
    const headers = { 'idempotency-key': 'mine' };
    expect((await stand.call('POST', '/v1/runtime/configurations', { body: configuration, headers })).status).toBe(201);
  });

  it('is one over both spellings of a path', async () => {
    const body = asked();
    const first = await provision(body, 'alias');
    const headers = { 'idempotency-key': 'alias' };
    const second = await stand.call('POST', '/runtime/environments', { body, headers });
    expect(second.body).toEqual(first.body);
  });

  it('is free for another try after a refusal', async () => {
    const body = asked();
    const taken = await provision(body);
    expect((await provision(body, 'free')).status).toBe(409);
    await sql.query("update environments set status = 'Failed' where id = $1", [taken.body.environmentId]);
    expect((await provision(body, 'free')).status).toBe(202);
  });

  it.each(['', 'x'.repeat(256), 'two words'])('answers 400 for the key %j', async (key) => {
    const reply = await provision(asked(), key);
    expect(reply.status).toBe(400);
    expect(reply.body.errors?.[0]?.pointer).toBe('Idempotency-Key');
  });
});

describe('receipts', () => {
  it('say who asked what and what was answered, for what was allowed', async () => {
    const reply = await provision(asked(), 'receipt', { token: { subject: 'alice' } });
    expect(await receipts(reply.body.traceId)).toMatchObject([
      {
        tenant_id: 'connectsoft',
        subject: 'alice',
        method: 'POST',
        route: '/runtime/environments',
        idempotency_key: 'receipt',
        body_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        decision: 'allowed',
        code: null,
        environment_id: reply.body.environmentId,
        operation_id: expect.stringMatching(/^op-/),
        answer_status: 202,
        answer_body: reply.body,
        governance: { decision: 'allow', reasons: ['owning-tenant'] },
      },
    ]);
  });

  it.each([
    ['a scope that is missing', {}, { scopes: ['runtime.environments.read'] as const }, 'ScopeMissing'],
    ["another tenant's name", { tenantId: 'fabrikam' }, {}, 'TenantMismatch'],
  ])('say so of what was denied for %s', async (_name, change, token, code) => {
    const reply = await provision(asked(change), undefined, { token });
    expect(reply.status).toBe(403);
    expect(await receipts(reply.body.traceId)).toMatchObject([
      { tenant_id: 'connectsoft', decision: 'denied', code, answer_status: 403, operation_id: null },
    ]);
  });

  it('are kept of calls for what is not there', async () => {
    const reply = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody('env-00000000') });
    expect(await receipts(reply.body.traceId)).toMatchObject([{ decision: 'denied', code: 'EnvironmentNotFound' }]);
  });

  it('can be neither changed nor removed, not even by their owner', async () => {
    const { body } = await provision(asked());
    await expect(
      sql.query('update requests set subject = $1 where trace_id = $2', ['mallory', body.traceId]),
    ).rejects.toThrow(/immutable/);
    await expect(sql.query('delete from requests where trace_id = $1', [body.traceId])).rejects.toThrow(/immutable/);
  });
});

describe('governance', () => {
  /** An API whose policies are the shipped ones and this. */
  async function governedBy(policy: string): Promise<RunningApi> {
    const folder = mkdtempSync(join(tmpdir(), 'slp-'));
    folders.push(folder);
    for (const file of ['slipway.cedarschema', 'owning-tenant.cedar']) {
      writeFileSync(join(folder, file), readFileSync(join(ROOT, 'policies', file)));
    }
    writeFileSync(join(folder, 'more.cedar'), policy);
    return await stand.start({ governance: openCedar({ folder }) });
  }
  const anyAction = 'principal, action, resource';

  it('denies: 403 with the reasons, a receipt, and nothing started', async () => {
    const api = await governedBy(
      `@id("freeze") forbid(${anyAction}) when { context has region && context.region == "westeurope" };`,
    );
    const body = asked();
    const rung = stand.rings.length;
    const reply = await provision(body, undefined, { api });
    expect(reply.status).toBe(403);
    expect(reply.body).toMatchObject({ code: 'GovernanceDenied', reasons: ['freeze'] });
    expect(await receipts(reply.body.traceId)).toMatchObject([
      { decision: 'denied', code: 'GovernanceDenied', governance: { decision: 'deny', planHash: expect.any(String) } },
    ]);
    expect((await sql.query('select 1 from environments where name = $1', [body.name])).rows).toEqual([]);
    expect(stand.rings.length).toBe(rung);
  });

  it('refuses what takes effect at once, where a policy wants it approved', async () => {
    const api = await governedBy(`@id("four-eyes") @decision("require-approval") forbid(${anyAction});`);
    const { environmentId } = await readyEnvironment(stand);
    const bounds = { minReplicas: 1, maxReplicas: 2, targetUtilizationPercent: 65, scaleToZero: false };
    const body = { environmentId, serviceId: 'module-a', target: 'aks', metric: 'cpu', ...bounds };
    const reply = await stand.call('POST', '/v1/runtime/scaling-policies', { body, api });
    expect(reply.status).toBe(403);
    expect(reply.body).toMatchObject({ code: 'GovernanceApprovalRequired', reasons: ['four-eyes'] });
  });

  it('is asked about deployments and rollbacks in production, and not about other stages or configurations', async () => {
    const api = await governedBy(`@id("never") forbid(${anyAction});`);
    const prod = await readyEnvironment(stand);
    const test = await readyEnvironment(stand, { stage: 'test' }, { api });
    const on = (path: string, body: unknown) => stand.call('POST', `/v1/runtime/${path}`, { body, api });
    expect((await on('deployments', deployBody(prod.environmentId))).body.code).toBe('GovernanceDenied');
    expect((await on('deployments', deployBody(test.environmentId))).status).toBe(202);
    expect((await on('configurations', { environmentId: prod.environmentId })).status).toBe(201);
  });

  it.each([
    [
      'a policy that fails',
      async () => await governedBy(`@id("broken") forbid(${anyAction}) when { 9223372036854775807 + 1 > 0 };`),
    ],
    ['no answer', async () => await stand.start({ governance: { decide: () => new Promise(() => undefined) } })],
  ])('fails closed by 503 with Retry-After on %s, recorded, and the key stays free', async (_name, broken) => {
    const api = await broken();
    const body = asked();
    const headers = { 'idempotency-key': body.name };
    const reply = await provision(body, body.name, { api });
    expect(reply.status).toBe(503);
    expect(reply.body.code).toBe('GovernanceUnavailable');
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await receipts(reply.body.traceId)).toMatchObject([{ decision: 'denied', code: 'GovernanceUnavailable' }]);
    expect((await stand.call('POST', '/v1/runtime/environments', { body, headers })).status).toBe(202);
  });

  it('does not start with policies that do not fit their schema', async () => {
    await expect(governedBy(`permit(${anyAction}) when { context.colour == "red" };`)).rejects.toThrow(/do not fit/);
  });
});
