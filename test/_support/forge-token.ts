/** Tokens that the issuer would never give: signed with its real key, and wrong in one thing. */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SCOPES } from '../../domain/scopes.ts';
import { keysFile } from '../../local/issuer/state.ts';
import type { Config } from '../../bin/config.ts';

type Json = Record<string, unknown>;

export interface Forgery {
  /** Over those of a good token; undefined takes one away. */
  header?: Json;
  claims?: Json;
  /** The payload as text, for what JSON.stringify does not write. @default the claims */
  payload?: (claims: Json) => string;
  /** What signs. @default the issuer's key, RS256 */
  signer?: Signer;
}

/** The issuer's keys as whoever knows them all would use them. */
export interface Signer {
  (input: string, issuer: { pem: string; publicPem: string; publicDer: Buffer; publicJwk: string }): Buffer;
}

const rsa =
  (hash: string, padding?: { padding: number; saltLength: number }): Signer =>
  (input, { pem }) =>
    sign(hash, Buffer.from(input), { key: createPrivateKey(pem), ...padding });

/** RSASSA-PSS with a salt as long as the hash. */
const pss = (hash: string, saltLength: number) => rsa(hash, { padding: 6, saltLength });

/** Keys that the issuer does not have. */
export const STRANGERS = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey,
};

export const SIGNERS = {
  rs256: rsa('sha256'),
  rs384: rsa('sha384'),
  rs512: rsa('sha512'),
  rs1: rsa('sha1'),
  ps256: pss('sha256', 32),
  ps384: pss('sha384', 48),
  hmacOfPem: (input, { publicPem }) => createHmac('sha256', publicPem).update(input).digest(),
  hmacOfDer: (input, { publicDer }) => createHmac('sha256', publicDer).update(input).digest(),
  hmacOfJwk: (input, { publicJwk }) => createHmac('sha256', publicJwk).update(input).digest(),
  otherRsa: (input) => sign('sha256', Buffer.from(input), STRANGERS.rsa),
  otherEc: (input) => sign('sha256', Buffer.from(input), { key: STRANGERS.ec, dsaEncoding: 'ieee-p1363' }),
  es256k: (input) => sign('sha256', Buffer.from(input), { key: STRANGERS.secp256k1, dsaEncoding: 'ieee-p1363' }),
  none: () => Buffer.alloc(0),
} satisfies Record<string, Signer>;

/** @returns a token that is good but for the change */
export function forgeToken(config: Config, forgery: Forgery): string {
  const { header = {}, claims = {}, payload = (all) => JSON.stringify(all), signer = SIGNERS.rs256 } = forgery;
  const { keys } = JSON.parse(readFileSync(keysFile(config.home), 'utf8')) as { keys: (Json & { kid: string })[] };
  const [jwk] = keys;
  if (!jwk) throw new Error('the issuer has no key');
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  const publicKey = createPublicKey(privateKey);
  const issuer = {
    pem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })),
    publicDer: publicKey.export({ type: 'spki', format: 'der' }),
    publicJwk: JSON.stringify(publicKey.export({ format: 'jwk' })),
  };
  const head = { alg: 'RS256', typ: 'at+jwt', kid: jwk.kid, ...header };
  const input = `${encode(JSON.stringify(head))}.${encode(payload({ ...goodClaims(config), ...claims }))}`;
  return `${input}.${signer(input, issuer).toString('base64url')}`;
}

function goodClaims({ oidc: { issuer, audience } }: Config): Json {
  const now = Math.floor(Date.now() / 1000);
  const who = { sub: 'somebody', client_id: 'somebody', jti: randomUUID(), tenantId: 'connectsoft' };
  return { iss: issuer, aud: audience, iat: now, exp: now + 3600, scope: SCOPES.join(' '), ...who };
}

const encode = (text: string) => Buffer.from(text).toString('base64url');
