import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setOutputs } from '../../db/environments.ts';
import { boundSecretsOf } from '../../db/secret-bindings.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { Governance } from '../../providers/governance/port.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import type { SecretStore } from '../../providers/secrets/port.ts';
import { openApiStand, type ApiStand, type CallOptions } from '../_support/api.ts';
import { readyEnvironment } from '../_support/api-states.ts';

const API = 'module-reservations-api';
const VALUE = 'the value that no answer may hold';

let stand: ApiStand;
let vault: SecretStore;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  const { home } = stand.config;
  vault = localVault({ folder: join(home, 'vault'), keyFile: join(home, 'vault.key') });
  key = await withVault();
});
afterAll(() => stand?.[Symbol.asyncDispose]());

/** An environment whose stack made its vault, as a worker would. */
async function withVault(change: Parameters<typeof readyEnvironment>[1] = {}): Promise<EnvironmentKey> {
  const made = await readyEnvironment(stand, change);
  await vault.ensureNamespace(made.environmentId);
  await stand.db.forTenant(made.tenantId, (tx) => setOutputs(tx, made, { vaultNamespace: made.environmentId }));
  return made;
}

const bind = (secrets: unknown, change: Record<string, unknown> = {}, options: CallOptions = {}) =>
  stand.call('POST', '/v1/runtime/secret-bindings', {
    body: { environmentId: key.environmentId, serviceId: API, secrets, ...change },
    ...options,
  });

describe('POST /v1/runtime/secret-bindings', () => {
  it('pins the latest version where none is named, and gives references back, field by field', async () => {
    const first = await vault.put(key.environmentId, 'api-key', VALUE, 'op-1');
    const second = await vault.put(key.environmentId, 'api-key', `${VALUE} 2`, 'op-2');
    const reply = await bind(
      [
        { name: 'API_KEY', secret: 'api-key' },
        { name: 'OLD_KEY', vault: key.environmentId, secret: 'api-key', version: first.version },
      ],
      { tenantId: 'connectsoft' },
    );
    expect(reply.status).toBe(201);
    const vaultAndSecret = { vault: key.environmentId, secret: 'api-key' };
    expect(reply.body).toEqual({
      secretBindingId: expect.stringMatching(/^sb-[0-9a-f]{32}$/),
      environmentId: key.environmentId,
      serviceId: API,
      secrets: [
        { name: 'API_KEY', ...vaultAndSecret, version: second.version },
        { name: 'OLD_KEY', ...vaultAndSecret, version: first.version },
      ],
      rotationPolicy: 'manual',
      status: 'InForce',
      createdAt: expect.any(String),
      traceId: reply.headers.get('x-trace-id'),
    });
    expect(reply.headers.get('location')).toBe(`/v1/runtime/secret-bindings/${String(reply.body.secretBindingId)}`);
    // A later version changes nothing about what was pinned.
    await vault.put(key.environmentId, 'api-key', `${VALUE} 3`, 'op-3');
    const read = await stand.call('GET', reply.headers.get('location') ?? '');
    expect(read.status).toBe(200);
    expect(read.body).toEqual(reply.body);
    expect(JSON.stringify(read.body)).not.toContain(VALUE);
  });

  it('adds up: of each variable the last binding counts', async () => {
    const of = await withVault();
    const change = { environmentId: of.environmentId };
    const one = await vault.put(of.environmentId, 'one', VALUE, 'op-1');
    const two = await vault.put(of.environmentId, 'two', VALUE, 'op-1');
    await bind([{ name: 'A', secret: 'one' }], change);
    await bind([{ name: 'B', secret: 'one' }], change);
    await bind([{ name: 'A', secret: 'two' }], change);
    await bind([{ name: 'A', secret: 'one' }], { ...change, serviceId: 'module-billing-worker' });
    const bound = await stand.db.forTenant(of.tenantId, (tx) => boundSecretsOf(tx, of));
    expect(bound.get(API)).toEqual([
      { name: 'A', ref: two },
      { name: 'B', ref: one },
    ]);
    expect(bound.get('module-billing-worker')).toEqual([{ name: 'A', ref: one }]);
  });

  it("answers 404 alike for a secret, a version and a vault that are not there, or are another's", async () => {
    const other = await withVault();
    await vault.put(other.environmentId, 'theirs', VALUE, 'op-1');
    const foreign = await withVault({ tenantId: 'fabrikam' });
    await vault.put(foreign.environmentId, 'theirs', VALUE, 'op-1');
    await vault.put(key.environmentId, 'known', VALUE, 'op-1');
    const asked = [
      { secret: 'unknown' },
      { secret: 'known', version: 'f'.repeat(32) },
      { secret: 'theirs', vault: other.environmentId },
      { secret: 'theirs', vault: foreign.environmentId },
      { secret: 'theirs', vault: 'no-such-vault' },
    ];
    const replies = await Promise.all(asked.map((secret) => bind([{ name: 'X', ...secret }])));
    for (const { status, body } of replies) {
      expect({ status, body: { ...body, traceId: '' } }).toEqual({
        status: 404,
        body: { ...replies[0]?.body, code: 'SecretNotFound', traceId: '' },
      });
    }
    const unmade = await readyEnvironment(stand);
    const early = await bind([{ name: 'X', secret: 'known' }], { environmentId: unmade.environmentId });
    expect(early.body.code).toBe('SecretNotFound');
  });

  it.each([
    ['no secrets', [], '/secrets'],
    ['a name that is no variable', [{ name: 'api-key', secret: 'a' }], '/secrets/0/name'],
    ['the reserved PORT', [{ name: 'PORT', secret: 'a' }], '/secrets/0/name'],
    ['a reserved prefix', [{ name: 'SLIPWAY_X', secret: 'a' }], '/secrets/0/name'],
    [
      'a variable twice',
      [
        { name: 'A', secret: 'a' },
        { name: 'A', secret: 'b' },
      ],
      '/secrets/1/name',
    ],
    ['a path for a secret', [{ name: 'A', secret: '../vault.key' }], '/secrets/0/secret'],
    ['a path for a vault', [{ name: 'A', secret: 'a', vault: '..' }], '/secrets/0/vault'],
    ['a path for a version', [{ name: 'A', secret: 'a', version: 'a/b' }], '/secrets/0/version'],
    ['a value', [{ name: 'A', secret: 'a', value: VALUE }], '/secrets/0/value'],
  ])('answers 400 for %s, with its pointer', async (_name, secrets, pointer) => {
    const { status, body } = await bind(secrets);
    expect(status).toBe(400);
    expect(body.code).toBe('ValidationFailed');
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
    expect(JSON.stringify(body)).not.toContain(VALUE);
  });

  it("answers 404 for another tenant's environment and binding, and 403 without the scopes", async () => {
    await vault.put(key.environmentId, 'scoped', VALUE, 'op-1');
    const secrets = [{ name: 'X', secret: 'scoped' }];
    const { body: stored } = await bind(secrets);
    const token = { tenant: 'fabrikam' };
    expect(await bind(secrets, {}, { token })).toMatchObject({ status: 404, body: { code: 'EnvironmentNotFound' } });
    const path = '/v1/runtime/secret-bindings';
    const foreign = await stand.call('GET', `${path}/${String(stored.secretBindingId)}`, { token });
    const missing = await stand.call('GET', `${path}/sb-00000000`);
    expect(foreign).toMatchObject({ status: 404, body: { code: 'SecretBindingNotFound' } });
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
    const readOnly = { token: { scopes: ['runtime.secrets.read'] } };
    const refused = await bind(secrets, {}, readOnly);
    expect(refused).toMatchObject({ status: 403, body: { requiredScope: 'runtime.secrets.write' } });
    const writeOnly = { token: { scopes: ['runtime.secrets.write'] } };
    const unread = await stand.call('GET', `${path}/${String(stored.secretBindingId)}`, writeOnly);
    expect(unread).toMatchObject({ status: 403, body: { requiredScope: 'runtime.secrets.read' } });
  });

  it('asks governance in production, and there alone', async () => {
    const asked: string[] = [];
    const governance: Governance = {
      decide: ({ action, planHash }) => {
        asked.push(action);
        return Promise.resolve({ decision: 'deny', reasons: ['freeze'], obligations: [], planHash });
      },
    };
    const api = await stand.start({ governance });
    await vault.put(key.environmentId, 'governed', VALUE, 'op-1');
    const denied = await bind([{ name: 'X', secret: 'governed' }], {}, { api });
    expect(denied).toMatchObject({ status: 403, body: { code: 'GovernanceDenied', reasons: ['freeze'] } });
    const dev = await withVault({ stage: 'dev' });
    await vault.put(dev.environmentId, 'free', VALUE, 'op-1');
    const free = await bind([{ name: 'X', secret: 'free' }], { environmentId: dev.environmentId }, { api });
    expect(free.status).toBe(201);
    expect(asked).toEqual(['secrets.bind']);
  });
});
