/** An issuer whose keys and answers the test decides on: only discovery and key set, over real HTTP. */
import type { RequestListener } from 'node:http';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';
import { openIssuerKeys, type IssuerKeysOptions } from '../../api/auth/keys.ts';
import { openTokenVerifier } from '../../api/auth/token.ts';
import { openHttpServer } from './http-server.ts';

export interface KeyIssuer extends AsyncDisposable {
  url: string;
  /** The key set as it is served. */
  published: JWK[];
  /** The private keys by their ids. */
  signers: Map<string, CryptoKey>;
  /** How often the key set was asked for. */
  looks: number;
  /** Answers in place of the issuer, wherever it is asked. */
  instead: { discovery?: RequestListener; keySet?: RequestListener };
  publish(kid: string, alg?: string): Promise<void>;
  /** Signed with the key of that id, or with one of nobody. */
  token(
    kid: string,
    change?: { alg?: string; header?: Partial<JWTHeaderParameters>; claims?: JWTPayload },
  ): Promise<string>;
  verifier(options?: Partial<IssuerKeysOptions>): (token: string) => Promise<unknown>;
}

export async function openKeyIssuer(): Promise<KeyIssuer> {
  const server = await openHttpServer((request, response) => {
    const isKeySet = request.url === '/jwks';
    if (isKeySet) issuer.looks += 1;
    const other = isKeySet ? issuer.instead.keySet : issuer.instead.discovery;
    if (other) return void other(request, response);
    const discovery = { issuer: server.url, jwks_uri: `${server.url}/jwks` };
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify(isKeySet ? { keys: issuer.published } : discovery));
  });
  const issuer: KeyIssuer = {
    url: server.url,
    published: [],
    signers: new Map(),
    looks: 0,
    instead: {},
    async publish(kid, alg = 'RS256') {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      issuer.published.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
      issuer.signers.set(kid, privateKey);
    },
    async token(kid, { alg = 'RS256', header = {}, claims = {} } = {}) {
      const now = Math.floor(Date.now() / 1000);
      const who = { sub: 's', jti: 'j', client_id: 'c', scope: 'a b', tenantId: 't' };
      const payload = { iss: server.url, aud: 'slipway', iat: now, exp: now + 600, ...who, ...claims };
      const signer = issuer.signers.get(kid) ?? (await generateKeyPair(alg)).privateKey;
      return await new SignJWT(payload).setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header }).sign(signer);
    },
    verifier(options = {}) {
      const keys = openIssuerKeys({ issuer: server.url, ...options });
      const tokens = openTokenVerifier({ issuer: server.url, audience: 'slipway', keys });
      return (token) => tokens.verify({ authorization: [`Bearer ${token}`], tokenInQuery: false });
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return issuer;
}

/** A token whose key nobody has: it is looked for before its signature is. */
export function tokenOfNobody(kid: string): string {
  const encode = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${encode({ alg: 'RS256', typ: 'at+jwt', kid })}.${encode({ sub: 's' })}.AAAA`;
}
