import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../bin/config.ts';
import { SCOPES } from '../../domain/scopes.ts';
import { obtainToken, type TokenRequest } from '../../local/issuer/obtain-token.ts';
import { readClients } from '../../local/issuer/state.ts';
import { startPlatform, type Platform } from '../../local/platform/platform.ts';
import { testConfig } from '../_support/config.ts';

let config: Config;
let platform: Platform;

beforeAll(async () => {
  config = await testConfig();
  platform = await startPlatform({ config, parts: ['issuer'], onProgress: () => undefined });
}, 60_000);
afterAll(async () => {
  await platform.stop();
  rmSync(config.home, { recursive: true, force: true });
});

async function token(request: Partial<TokenRequest> = {}): Promise<string> {
  return await obtainToken({ home: config.home, issuer: config.oidc.issuer, ...request });
}

async function verify(jwt: string, audience = 'slipway'): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${config.oidc.issuer}/jwks`));
  const expected = { issuer: config.oidc.issuer, audience, algorithms: ['RS256'], typ: 'at+jwt' };
  return (await jwtVerify(jwt, keys, expected)).payload;
}

async function ask(user: string, secret: string, form: Record<string, string>) {
  const authorization = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
  const answer = await fetch(`${config.oidc.issuer}/token`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(form),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}

function secretOf(client: string): string {
  return readClients(config.home).find(({ clientId }) => clientId === client)?.clientSecret ?? '';
}

function runToken(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((settle) => {
    const script = join(import.meta.dirname, '../../bin/token.ts');
    const options = { env: { ...config.env, ...env } };
    const child = execFile(process.execPath, [script, ...args], options, (_error, stdout, stderr) =>
      settle({ code: child.exitCode, stdout, stderr }),
    );
  });
}

describe('the embedded issuer', () => {
  it("gives a tenant's client tokens that verify against its JWKS and carry the claims", async () => {
    for (const tenant of ['connectsoft', 'fabrikam']) {
      const form = { grant_type: 'client_credentials', scope: 'runtime.health.read runtime.drift.read' };
      const { status, body } = await ask(tenant, secretOf(tenant), form);
      expect(status).toBe(200);
      const claims = await verify(body.access_token!);
      expect(claims).toMatchObject({ tenantId: tenant, client_id: tenant, sub: tenant, scope: form.scope });
      expect(claims).toMatchObject({ jti: expect.any(String), iat: expect.any(Number) });
      expect(claims.exp! - claims.iat!).toBe(3600);
      expect(decodeProtectedHeader(body.access_token!)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    }
  });

  it("gives the internal audience to the operator, and to no tenant's client", async () => {
    const resource = 'urn:slipway:audience:slipway-internal';
    const { status, body } = await ask('connectsoft', secretOf('connectsoft'), {
      ...{ grant_type: 'client_credentials', scope: 'runtime.health.read', resource },
    });
    expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_target' });
    const { stdout } = await runToken(['--internal', '--tenant', 'fabrikam']);
    const claims = await verify(stdout.trim(), 'slipway-internal');
    expect(claims).toMatchObject({ tenantId: 'fabrikam' });
    expect(claims.scope).toBeUndefined();
  });

  it('gives the operator any tenant, subject, scopes, audience and lifetime', async () => {
    const request = {
      tenant: 'acme',
      subject: 'alice',
      scopes: ['planes.admin.write'],
      audience: 'internal',
      ttlSeconds: 90,
    };
    const claims = await verify(await token(request), 'internal');
    expect(claims).toMatchObject({ tenantId: 'acme', sub: 'alice', scope: 'planes.admin.write', aud: 'internal' });
    expect(claims.exp! - claims.iat!).toBe(90);
    expect(await verify(await token())).toMatchObject({ tenantId: 'connectsoft', scope: SCOPES.join(' ') });
    expect(await verify(await token({ tenant: '', scopes: [] }))).not.toHaveProperty('tenantId');
  });

  it('gives the operator a token that has already expired', async () => {
    await expect(verify(await token({ ttlSeconds: -60 }))).rejects.toThrow('"exp" claim timestamp check failed');
  });

  it('refuses an unknown client, a wrong secret, a foreign resource and a scope that is none', async () => {
    const form = { grant_type: 'client_credentials' };
    expect(await ask('nobody', 'x', form)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await ask('connectsoft', 'x', form)).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    const foreign = await ask('connectsoft', secretOf('connectsoft'), { ...form, resource: 'https://example.com' });
    expect(foreign).toMatchObject({ status: 400, body: { error: 'invalid_target' } });
    await expect(token({ scopes: ['runtime.nothing.read'] })).rejects.toThrow('there is no such scope');
  });

  it("refuses the operator's grant to a tenant's client, so that no tenant can ask for another's token", async () => {
    const form = { grant_type: 'urn:slipway:grant:operator', tenant: 'fabrikam', scope: 'runtime.health.read' };
    expect(await ask('connectsoft', secretOf('connectsoft'), form)).toMatchObject({ status: 400 });
    const claimed = { grant_type: 'client_credentials', tenant: 'fabrikam', tenantId: 'fabrikam' };
    const { body } = await ask('connectsoft', secretOf('connectsoft'), claimed);
    expect(await verify(body.access_token!)).toMatchObject({ tenantId: 'connectsoft' });
  });

  it('keeps clients and keys over a restart, so that tokens given before still verify', async () => {
    const before = await token();
    const secret = secretOf('connectsoft');
    await platform.restart('issuer');
    expect(await verify(before)).toMatchObject({ tenantId: 'connectsoft' });
    expect(secretOf('connectsoft')).toBe(secret);
  });
});

describe('npm run token', () => {
  it('prints a bearer token and nothing else', async () => {
    const { code, stdout, stderr } = await runToken([
      '--tenant',
      'fabrikam',
      '--scope',
      'runtime.health.read',
      '--subject',
      'bob',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(await verify(stdout.trimEnd())).toMatchObject({
      tenantId: 'fabrikam',
      sub: 'bob',
      scope: 'runtime.health.read',
    });
  });

  it('says in one sentence that the issuer does not run', async () => {
    const { code, stdout, stderr } = await runToken([], { OIDC_ISSUER: 'http://127.0.0.1:1' });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('The issuer http://127.0.0.1:1 does not answer; is Slipway running (npm start)?\n');
  });
});
