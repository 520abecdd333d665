import { connect } from 'node:net';
import { decodeJwt, generateKeyPair, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { SCOPES } from '../../domain/scopes.ts';
import { endpoints } from '../../api/endpoints.ts';
import { openApiStand, type ApiStand, type CallOptions } from '../_support/api.ts';
import { deployBody } from '../_support/api-states.ts';
import { forgeToken } from '../_support/forge-token.ts';
import { nameOf, sampleCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';

let stand: ApiStand;
let world: World;
let key: EnvironmentKey;
let path: string;
beforeAll(async () => {
  stand = await openApiStand();
  world = await openWorld(stand);
  key = world.key;
  path = `/v1/runtime/environments/${key.environmentId}`;
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const get = (options: CallOptions) => stand.call('GET', path, options);

/** Signed with a key of ours, in everything else like the issuer's. */
async function forged(header: Partial<JWTHeaderParameters>, change: JWTPayload = {}): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256');
  const claims = { ...decodeJwt(await stand.token()), ...change };
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'ours', ...header })
    .sign(privateKey);
}

describe('401', () => {
  it.each<[string, () => Promise<CallOptions>, string]>([
    ['no token', async () => ({ token: null }), 'TokenMissing'],
    ['an expired token', async () => ({ token: { ttlSeconds: -60 } }), 'TokenExpired'],
    ['another audience', async () => ({ token: { audience: 'elsewhere' } }), 'TokenInvalid'],
    ['another scheme', async () => ({ token: null, headers: { authorization: 'Basic YTpi' } }), 'TokenInvalid'],
    ['an empty bearer', async () => ({ token: null, headers: { authorization: 'Bearer ' } }), 'TokenInvalid'],
    ['what is no JWT', async () => ({ token: 'abc.def.ghi' }), 'TokenInvalid'],
    ['a key of nobody', async () => ({ token: await forged({}) }), 'TokenInvalid'],
    ['no key id', async () => ({ token: await forged({ kid: undefined }) }), 'TokenInvalid'],
    ['an id token', async () => ({ token: await forged({ typ: 'JWT' }) }), 'TokenInvalid'],
    ['a changed payload', async () => ({ token: await tampered() }), 'TokenInvalid'],
    ['no signature', async () => ({ token: await unsigned() }), 'TokenInvalid'],
  ])('for %s, with WWW-Authenticate and no word about the environment', async (_name, options, code) => {
    const reply = await get(await options());
    expect(reply.status).toBe(401);
    expect(reply.body.code).toBe(code);
    expect(reply.headers.get('www-authenticate')).toMatch(
      code === 'TokenMissing' ? /^Bearer realm="slipway"$/ : /error="invalid_token"/,
    );
    expect(reply.headers.get('cs-schema-version')).toBe('1.0');
  });

  it('for a token in the query, even beside a good header', async () => {
    const reply = await stand.call('GET', `${path}?access_token=${await stand.token()}`);
    expect(reply.status).toBe(401);
  });

  it('for two Authorization headers', async () => {
    const bearer = `Authorization: Bearer ${await stand.token()}\r\n`;
    const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n${bearer}${bearer}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toMatch(/more than one/);
  });

  it('for another issuer with a key of the same name', async () => {
    const issuerKid = JSON.parse(Buffer.from((await stand.token()).split('.')[0] ?? '', 'base64url').toString())
      .kid as string;
    expect((await get({ token: await forged({ kid: issuerKid }) })).status).toBe(401);
  });

  async function tampered(): Promise<string> {
    const [header, , signature] = (await stand.token()).split('.');
    const payload = { ...decodeJwt(await stand.token()), tenantId: 'fabrikam' };
    return [header, Buffer.from(JSON.stringify(payload)).toString('base64url'), signature].join('.');
  }

  async function unsigned(): Promise<string> {
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: 'x' })).toString('base64url');
    return `${header}.${(await stand.token()).split('.')[1]}.`;
  }

  async function raw(text: string): Promise<string> {
    const socket = connect(stand.api.rest.port, '127.0.0.1');
    socket.end(text);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  }
});

describe('403', () => {
  it.each(endpoints.map((endpoint) => [nameOf(endpoint), endpoint] as const))(
    'for %s with every scope but its own, naming the scope',
    async (_name, endpoint) => {
      const { method, path, body, headers, scope } = await sampleCall(endpoint, world);
      const token = { scopes: SCOPES.filter((one) => one !== scope) };
      const reply = await stand.call(method, path, { body, headers, token });
      expect(reply.status).toBe(403);
      expect(reply.body).toMatchObject({ code: 'ScopeMissing', requiredScope: scope });
      expect(reply.headers.get('www-authenticate')).toContain(`error="insufficient_scope", scope="${scope}"`);
    },
  );

  it('for a token without any scope', async () => {
    expect((await get({ token: { scopes: [] } })).body.code).toBe('ScopeMissing');
  });

  it("for a deployment's operation without the scope of deployments", async () => {
    const deployed = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
    const operation = deployed.headers.get('operation-location') ?? '';
    const reply = await stand.call('GET', operation, { token: { scopes: ['runtime.environments.read'] } });
    expect(reply.body).toMatchObject({ code: 'ScopeMissing', requiredScope: 'runtime.deployments.read' });
  });

  it.each(['', 'Connectsoft', 'a b', '-a', "a'; drop table"])(
    'TenantClaimInvalid for the tenant %j',
    async (tenant) => {
      const reply = await get({ token: { tenant } });
      expect(reply.status).toBe(403);
      expect(reply.body.code).toBe('TenantClaimInvalid');
    },
  );

  it("TenantMismatch for a body's other tenant, before it is known whether the environment is there", async () => {
    for (const environmentId of [key.environmentId, 'env-00000000']) {
      const body = deployBody(environmentId, { tenantId: 'fabrikam' });
      const reply = await stand.call('POST', '/v1/runtime/deployments', { body });
      expect(reply.status).toBe(403);
      expect(reply.body.code).toBe('TenantMismatch');
    }
  });
});

describe('what is accepted', () => {
  it('is a token that says its scheme in any case', async () => {
    const reply = await get({ token: null, headers: { authorization: `bearer ${await stand.token()}` } });
    expect(reply.status).toBe(200);
  });

  it('is a token for several audiences, as long as ours is among them, word for word', async () => {
    const { audience } = stand.config.oidc;
    for (const aud of [audience, [audience], ['elsewhere', audience], [audience, 'elsewhere', audience]]) {
      expect((await get({ token: forgeToken(stand.config, { claims: { aud } }) })).status).toBe(200);
    }
  });

  it('is a token with exactly the scope of the call', async () => {
    expect((await get({ token: { scopes: ['runtime.environments.read'] } })).status).toBe(200);
  });
});
