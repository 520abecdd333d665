import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  decodeJwt,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openIssuerKeys, type IssuerKeysOptions } from '../../api/auth/keys.ts';
import { openTokenVerifier } from '../../api/auth/token.ts';

/** An issuer whose keys the test decides on: only discovery and key set, over real HTTP. */
let server: Server;
let issuer: string;
let published: JWK[];
let looks: number;
let answering: boolean;
let signers: Map<string, CryptoKey>;

beforeEach(async () => {
  [published, looks, answering, signers] = [[], 0, true, new Map()];
  server = createServer((request, response) => {
    if (request.url === '/jwks') looks += 1;
    if (!answering) return void response.writeHead(500).end();
    const discovery = { issuer, jwks_uri: `${issuer}/jwks` };
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify(request.url === '/jwks' ? { keys: published } : discovery));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function publish(kid: string, alg = 'RS256'): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  published.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
  signers.set(kid, privateKey);
}

async function token(
  kid: string,
  { alg = 'RS256', claims = {} }: { alg?: string; claims?: JWTPayload } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: issuer,
    aud: 'slipway',
    sub: 's',
    jti: 'j',
    client_id: 'c',
    iat: now,
    exp: now + 600,
    scope: 'a b',
    tenantId: 't',
    ...claims,
  };
  const signer = signers.get(kid) ?? (await generateKeyPair(alg)).privateKey;
  return await new SignJWT(payload).setProtectedHeader({ alg, kid, typ: 'at+jwt' }).sign(signer);
}

function verifier(options: Partial<IssuerKeysOptions> = {}) {
  const verify = openTokenVerifier({ issuer, audience: 'slipway', keys: openIssuerKeys({ issuer, ...options }) });
  return (jwt: string) => verify({ authorization: [`Bearer ${jwt}`], tokenInQuery: false });
}

describe('tokens', () => {
  it.each(['RS256', 'ES256', 'PS256'])('verify with a key of %s', async (alg) => {
    await publish('k', alg);
    const signed = await token('k', { alg });
    expect(await verifier()(signed)).toEqual({
      subject: 's',
      clientId: 'c',
      scopes: new Set(['a', 'b']),
      expiresAtMs: Number(decodeJwt(signed).exp) * 1000,
      tenantClaim: 't',
    });
  });

  it("do not verify with an algorithm other than the key's", async () => {
    await publish('k', 'RS256');
    const sameKey = await exportJWK(signers.get('k') as CryptoKey);
    signers.set('k', (await importJWK(sameKey, 'PS256')) as CryptoKey);
    await expect(verifier()(await token('k', { alg: 'PS256' }))).rejects.toMatchObject({ code: 'TokenInvalid' });
  });

  it('do not verify with an algorithm that is not accepted', async () => {
    await publish('k', 'RS512');
    await expect(verifier()(await token('k', { alg: 'RS512' }))).rejects.toMatchObject({ code: 'TokenInvalid' });
  });

  it.each(['exp', 'iat', 'sub', 'jti', 'client_id'])('do not verify without %s', async (claim) => {
    await publish('k');
    await expect(verifier()(await token('k', { claims: { [claim]: undefined } }))).rejects.toMatchObject({
      code: 'TokenInvalid',
    });
  });

  it('are given 30 s for clocks that differ, and no more', async () => {
    await publish('k');
    const now = Math.floor(Date.now() / 1000);
    const verify = verifier();
    await expect(verify(await token('k', { claims: { exp: now - 20 } }))).resolves.toBeDefined();
    await expect(verify(await token('k', { claims: { exp: now - 40 } }))).rejects.toMatchObject({
      code: 'TokenExpired',
    });
    await expect(verify(await token('k', { claims: { iat: now + 40 } }))).rejects.toMatchObject({
      code: 'TokenInvalid',
    });
    await expect(verify(await token('k', { claims: { nbf: now + 40 } }))).rejects.toMatchObject({
      code: 'TokenInvalid',
    });
  });
});

describe("the issuer's keys", () => {
  it('are read once for many calls at once', async () => {
    await publish('k');
    const verify = verifier();
    const jwt = await token('k');
    await Promise.all(Array.from({ length: 50 }, () => verify(jwt)));
    expect(looks).toBe(1);
  });

  it('are read again for a new key id', async () => {
    await publish('old');
    const verify = verifier();
    await verify(await token('old'));
    await publish('new');
    await expect(verify(await token('new'))).resolves.toBeDefined();
  });

  it('are not read again and again for key ids that nobody has', async () => {
    await publish('k');
    const verify = verifier({ looksPerMinute: 5 });
    for (let n = 0; n < 40; n += 1) {
      await expect(verify(await token(`none-${n % 20}`, { alg: 'ES256' }))).rejects.toMatchObject({
        code: 'TokenInvalid',
      });
    }
    expect(looks).toBeLessThanOrEqual(5);
    await expect(verify(await token('k'))).resolves.toBeDefined();
  });

  it('take verified tokens with them when they are removed', async () => {
    await publish('k');
    await publish('other');
    const verify = verifier();
    const jwt = await token('k');
    await verify(jwt);
    published = published.filter(({ kid }) => kid !== 'k');
    await publish('new');
    // Makes it look at the keys again.
    await verify(await token('new'));
    await expect(verify(jwt)).rejects.toMatchObject({ code: 'TokenInvalid' });
  });

  it('are believed for a while when the issuer is down, and not longer', async () => {
    await publish('k');
    const believing = verifier({ freshSeconds: 0 });
    const strict = verifier({ freshSeconds: 0, staleSeconds: 0 });
    await believing(await token('k'));
    await strict(await token('k'));
    answering = false;
    await expect(believing(await token('k', { claims: { jti: '2' } }))).resolves.toBeDefined();
    await expect(strict(await token('k', { claims: { jti: '2' } }))).rejects.toMatchObject({
      code: 'IssuerUnavailable',
    });
  });

  it('cannot judge a new key id while the issuer is down: 503, not 401', async () => {
    await publish('k');
    const verify = verifier();
    await verify(await token('k'));
    answering = false;
    await publish('new');
    for (let n = 0; n < 3; n += 1) {
      await expect(verify(await token('new', { claims: { jti: String(n) } }))).rejects.toMatchObject({
        code: 'IssuerUnavailable',
      });
    }
  });

  it('are not taken from an issuer that calls itself otherwise', async () => {
    await publish('k');
    const keys = openIssuerKeys({ issuer: `${issuer}/` });
    await expect(keys.check()).rejects.toMatchObject({ code: 'IssuerUnavailable' });
  });
});
