import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { CompactEncrypt, type CompactJWEHeaderParameters } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIssuerKeys } from '../../api/auth/keys.ts';
import { parseDecryptionKey } from '../../api/auth/decryption.ts';
import { openTokenVerifier } from '../../api/auth/token.ts';
import { openApiStand, type ApiStand, type Reply, type RunningApi } from '../_support/api.ts';

/** The header that OpenIddict writes. */
const HEADER: CompactJWEHeaderParameters = {
  alg: 'RSA-OAEP',
  enc: 'A256CBC-HS512',
  typ: 'at+jwt',
  cty: 'JWT',
  kid: 'k',
};
const PEM = newRsaPem();
const ENCRYPTION = createPublicKey(PEM);
const PATH = '/v1/runtime/environments/env-none';

function newRsaPem(modulusLength = 2048): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}
const symmetric = (bytes: Uint8Array) => JSON.stringify({ kty: 'oct', k: Buffer.from(bytes).toString('base64url') });

let stand: ApiStand;
let api: RunningApi;
beforeAll(async () => {
  stand = await openApiStand();
  api = await apiWith(PEM);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

async function apiWith(decryptionKey: string): Promise<RunningApi> {
  const { oidc } = stand.config;
  const keys = openIssuerKeys({ issuer: oidc.issuer });
  return await stand.start({
    tokens: openTokenVerifier({ ...oidc, keys, decryptionKey: parseDecryptionKey(decryptionKey) }),
  });
}

/** The issuer's own token, or another text, encrypted. */
async function encrypted(
  change: Record<string, unknown> = {},
  key: Parameters<CompactEncrypt['encrypt']>[0] = ENCRYPTION,
  content?: string | Uint8Array,
): Promise<string> {
  const plaintext = content ?? (await stand.token());
  const bytes = typeof plaintext === 'string' ? new TextEncoder().encode(plaintext) : plaintext;
  const header = { ...HEADER, ...change } as CompactJWEHeaderParameters;
  const jwe = new CompactEncrypt(bytes).setProtectedHeader(header);
  return await jwe.encrypt(key, header.crit ? { crit: { [header.crit[0] ?? '']: true } } : {});
}

const call = (token: string, at = api): Promise<Reply> => stand.call('GET', PATH, { token, api: at });
/** Past the token there is no such environment. */
const ACCEPTED = { code: 'EnvironmentNotFound', status: 404 };

describe('an encrypted token', () => {
  it.each(['RSA-OAEP', 'RSA-OAEP-256'])('is taken by a private key (%s), also when it comes again', async (alg) => {
    const token = await encrypted({ alg });
    const bodies = [(await call(token)).body, (await call(token)).body];
    expect(bodies).toMatchObject([ACCEPTED, ACCEPTED]);
  });

  it.each([
    ['A256KW', 32],
    ['dir', 64],
  ])('is taken by a symmetric key (%s)', async (alg, length) => {
    const secret = randomBytes(length);
    const at = await apiWith(symmetric(secret));
    expect((await call(await encrypted({ alg }, secret), at)).body).toMatchObject(ACCEPTED);
    const ofAnother = await encrypted({ alg }, randomBytes(length));
    expect((await call(ofAnother, at)).status).toBe(401);
  });

  it('is taken without a type of its own; what is within has one', async () => {
    expect((await call(await encrypted({ typ: undefined, kid: undefined }))).body).toMatchObject(ACCEPTED);
  });

  it('leaves signed tokens as they are', async () => {
    expect((await call(await stand.token())).body).toMatchObject(ACCEPTED);
  });

  it('is refused clearly where no key is configured', async () => {
    const reply = await call(await encrypted(), stand.api);
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({
      code: 'TokenInvalid',
      detail: 'The token is encrypted, and this API has no key to decrypt it; it takes signed tokens.',
    });
    expect(reply.headers.get('www-authenticate')).toMatch(/error="invalid_token"/);
  });
});

/** Only the header counts: it is looked at before the key is used. */
const withHeader = (header: unknown) =>
  [Buffer.from(JSON.stringify(header)).toString('base64url'), 'AAAA', 'AAAA', 'AAAA', 'AAAA'].join('.');

async function changed(part: number, by: (text: string) => string): Promise<string> {
  const parts = (await encrypted()).split('.');
  parts[part] = by(parts[part] ?? '');
  return parts.join('.');
}
const flipped = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);

describe('401 TokenInvalid', () => {
  it.each<[string, () => string | Promise<string>, RegExp]>([
    ['another key', () => encrypted({}, createPublicKey(newRsaPem())), /cannot be decrypted/],
    ['a changed header', () => changed(0, () => withHeader({ ...HEADER, kid: 'x' }).split('.')[0] ?? ''), /decrypted/],
    ['a changed key', () => changed(1, flipped), /cannot be decrypted/],
    ['a changed vector', () => changed(2, flipped), /cannot be decrypted/],
    ['a changed content', () => changed(3, flipped), /cannot be decrypted/],
    ['a changed tag', () => changed(4, flipped), /cannot be decrypted/],
    ['a short tag', () => changed(4, (tag) => tag.slice(0, 8)), /cannot be decrypted/],
    ['empty parts', () => '....', /not a bearer token|cannot be decrypted/],
    ['what is no header', () => 'abc.d.e.f.g', /cannot be decrypted/],
    ['a header that is a list', () => withHeader([]), /cannot be decrypted|not accepted/],
    ['RSA1_5', () => withHeader({ ...HEADER, alg: 'RSA1_5' }), /algorithm/],
    ['RSA-OAEP-512', () => encrypted({ alg: 'RSA-OAEP-512' }), /algorithm/],
    ['dir', () => encrypted({ alg: 'dir' }, randomBytes(64)), /algorithm/],
    [
      'a password',
      () => withHeader({ ...HEADER, alg: 'PBES2-HS512+A256KW', p2c: 2_000_000_000, p2s: 'a' }),
      /algorithm/,
    ],
    ['alg none', () => withHeader({ ...HEADER, alg: 'none' }), /algorithm/],
    ['A128CBC-HS256', () => encrypted({ enc: 'A128CBC-HS256' }), /algorithm/],
    ['A256GCM', () => encrypted({ enc: 'A256GCM' }), /algorithm/],
    ['an unknown enc', () => withHeader({ ...HEADER, enc: 'XOR' }), /algorithm/],
    ['compression', () => encrypted({ zip: 'DEF' }), /compressed/],
    ['a zip bomb', () => encrypted({ zip: 'DEF' }, ENCRYPTION, new Uint8Array(4_000_000)), /compressed/],
    ['an empty zip', () => withHeader({ ...HEADER, zip: '' }), /compressed/],
    ['extensions', () => encrypted({ crit: ['urn:x'], 'urn:x': 1 }), /extensions/],
    ['no cty', () => encrypted({ cty: undefined }), /cty JWT/],
    ['an id token', () => encrypted({ typ: 'JWT' }), /typ at\+jwt/],
    ['claims without a signature', () => encrypted({}, ENCRYPTION, '{"sub":"me"}'), /not a signed JWT/],
    ['an unsigned token', async () => await encrypted({}, ENCRYPTION, await unsigned()), /algorithm/],
    ['a tampered token', async () => await encrypted({}, ENCRYPTION, await tampered()), /does not verify/],
    ['an encrypted token again', async () => await encrypted({}, ENCRYPTION, await encrypted()), /not a signed JWT/],
    ['another audience', async () => await encrypted({}, ENCRYPTION, await stand.token({ audience: 'x' })), /audience/],
    ['garbage', () => encrypted({}, ENCRYPTION, randomBytes(2_000)), /decrypted|not a signed JWT/],
    ['nothing', () => encrypted({}, ENCRYPTION, ''), /not a signed JWT/],
    ['more than 12 KiB', () => encrypted({}, ENCRYPTION, 'x'.repeat(10_000)), /longer than 12288/],
  ])('for %s', async (_what, token, sentence) => {
    const reply = await call(await token());
    expect(reply.body).toMatchObject({ status: 401, code: 'TokenInvalid' });
    expect(reply.body.detail).toMatch(sentence);
  });

  it('and TokenExpired for one that has expired within', async () => {
    const reply = await call(await encrypted({}, ENCRYPTION, await stand.token({ ttlSeconds: -60 })));
    expect(reply.body).toMatchObject({ status: 401, code: 'TokenExpired' });
  });

  async function unsigned(): Promise<string> {
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt', kid: 'x' })).toString('base64url');
    return `${header}.${(await stand.token()).split('.')[1]}.`;
  }

  async function tampered(): Promise<string> {
    const [header, payload = '', signature] = (await stand.token()).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const other = Buffer.from(JSON.stringify({ ...claims, tenantId: 'fabrikam' })).toString('base64url');
    return [header, other, signature].join('.');
  }
});

describe('a decryption key', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  it.each([
    ['no key', 'hello', /^is neither/],
    ['a public key', ENCRYPTION.export({ type: 'spki', format: 'pem' }) as string, /^is neither/],
    ['a short RSA key', newRsaPem(1024), /^is no RSA key of 2048 bits/],
    ['an elliptic one', ec.export({ type: 'pkcs8', format: 'pem' }) as string, /^is no RSA key/],
    ['no JSON', '{', /^is no symmetric JWK/],
    ['an asymmetric JWK', JSON.stringify(ENCRYPTION.export({ format: 'jwk' })), /^is no symmetric JWK/],
    ['a short symmetric one', symmetric(randomBytes(16)), /^is a symmetric key of neither/],
    ['one for something else', JSON.stringify({ ...JSON.parse(symmetric(randomBytes(32))), alg: 'dir' }), /^says that/],
  ])('is refused when it is %s', (_what, text, sentence) => {
    expect(() => parseDecryptionKey(text)).toThrow(sentence);
  });
});
