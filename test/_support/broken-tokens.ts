/** Every way in which a token can be wrong, and what any endpoint answers to it. */
import type { ErrorCode } from '../../domain/errors.ts';
import { SCOPES } from '../../domain/scopes.ts';
import type { Config } from '../../bin/config.ts';
import { forgeToken, SIGNERS, type Forgery } from './forge-token.ts';

export interface BrokenToken {
  what: string;
  status: 401 | 403;
  code: ErrorCode;
  /** The whole Authorization header; null for none. */
  authorization(config: Config): string | null;
}

const now = () => Math.floor(Date.now() / 1000);

const refused = (
  what: string,
  forgery: (config: Config) => Forgery,
  code: ErrorCode = 'TokenInvalid',
): BrokenToken => ({
  what,
  status: code.startsWith('Token') ? 401 : 403,
  code,
  authorization: (config) => `Bearer ${forgeToken(config, forgery(config))}`,
});
const header = (what: string, change: Record<string, unknown>) => refused(what, () => ({ header: change }));
const claims = (what: string, change: Record<string, unknown>, code?: ErrorCode) =>
  refused(what, () => ({ claims: change }), code);
const signed = (what: string, alg: string, signer: Forgery['signer']) =>
  refused(what, () => ({ header: { alg }, signer }));
const sent = (what: string, authorization: BrokenToken['authorization'], code: ErrorCode = 'TokenInvalid') => ({
  ...{ what, status: 401 as const, code, authorization },
});
const good = (config: Config) => forgeToken(config, {});

const encode = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url');
/** Only its header counts: it is looked at before anything is taken apart. */
const COMPRESSED = [
  encode({ alg: 'RSA-OAEP', enc: 'A256CBC-HS512', typ: 'at+jwt', cty: 'JWT', zip: 'DEF' }),
  ...['AAAA', 'AAAA', 'AAAA', 'AAAA'],
].join('.');
/** The claim as a number that no variable holds, e.g. `1e400`. */
const number = (what: string, name: string, text: string, code?: ErrorCode) =>
  refused(
    what,
    () => ({
      claims: { [name]: 0 },
      payload: (all) => JSON.stringify(all).replace(`"${name}":0`, `"${name}":${text}`),
    }),
    code,
  );

const NOT_SENT: BrokenToken[] = [
  sent('no token', () => null, 'TokenMissing'),
  sent('another scheme', () => 'Basic c29tZWJvZHk6c2VjcmV0'),
  sent('an empty bearer', () => 'Bearer '),
  sent('no JWT', () => 'Bearer abc.def.ghi'),
  sent('a cut signature', (config) => `Bearer ${good(config).slice(0, -8)}`),
  sent('no signature', (config) => `Bearer ${good(config).replace(/[^.]*$/, '')}`),
  sent('a payload of another token', (config) => {
    const [head, , signature] = good(config).split('.');
    const payload = forgeToken(config, { claims: { tenantId: 'fabrikam' } }).split('.')[1];
    return `Bearer ${head}.${payload}.${signature}`;
  }),
];

const SIGNED_WRONG: BrokenToken[] = [
  signed('alg none', 'none', SIGNERS.none),
  signed('alg None', 'None', SIGNERS.none),
  signed('alg HS256 over the public PEM', 'HS256', SIGNERS.hmacOfPem),
  signed('alg HS256 over the public DER', 'HS256', SIGNERS.hmacOfDer),
  signed('alg HS256 over the public JWK', 'HS256', SIGNERS.hmacOfJwk),
  signed('alg RS384', 'RS384', SIGNERS.rs384),
  signed('alg RS512', 'RS512', SIGNERS.rs512),
  signed('alg RS1', 'RS1', SIGNERS.rs1),
  signed('alg PS384', 'PS384', SIGNERS.ps384),
  signed("an algorithm that is not the key's", 'PS256', SIGNERS.ps256),
  signed('alg ES256K', 'ES256K', SIGNERS.es256k),
  signed("another RSA key under the issuer's name", 'RS256', SIGNERS.otherRsa),
  signed("an EC key under the issuer's name", 'ES256', SIGNERS.otherEc),
  header('typ JWT', { typ: 'JWT' }),
  header('typ logout+jwt', { typ: 'logout+jwt' }),
  header('no typ', { typ: undefined }),
  header('no kid', { kid: undefined }),
  header('a kid of nobody', { kid: 'nobody' }),
  header('a kid that is a path', { kid: '../../../dev/null' }),
  header('a kid that is SQL', { kid: "' or '1'='1'; drop table operations; --" }),
  header('a kid of other letters', { kid: 'ключ-\u202e😀\u0000' }),
  header('a kid of several lines', { kid: 'nobody\r\n{"level":50,"msg":"forged"}\r\n' }),
  header('a very long kid', { kid: 'k'.repeat(7_000) }),
  header('a kid that is no text', { kid: 7 }),
  header('a kid that is a list', { kid: ['nobody'] }),
  header('a crit that is not known', { crit: ['exp'] }),
  header('a payload that is said to be raw', { b64: false, crit: ['b64'] }),
  header('a payload that is said to be raw, though nothing is critical', { b64: false }),
  refused('a token within a token', (config) => ({ header: { cty: 'JWT' }, payload: () => good(config) })),
  refused('a token within a token, as JSON', (config) => ({
    header: { cty: 'JWT' },
    payload: () => JSON.stringify(good(config)),
  })),
  sent('an encrypted token that is compressed', () => `Bearer ${COMPRESSED}`),
  refused('a key of its own in the header', () => ({
    header: { kid: 'own', jwk: { kty: 'oct', k: 'c2VjcmV0' }, jku: 'http://127.0.0.1:9/keys' },
  })),
];

const CLAIMS_WRONG: BrokenToken[] = [
  claims('another iss', { iss: 'http://elsewhere.invalid' }),
  refused("the issuer's name with a slash after it", ({ oidc }) => ({ claims: { iss: `${oidc.issuer}/` } })),
  refused("the issuer's name in capitals", ({ oidc }) => ({ claims: { iss: oidc.issuer.toUpperCase() } })),
  refused('an iss that is a list', ({ oidc }) => ({ claims: { iss: [oidc.issuer] } })),
  claims('no iss', { iss: undefined }),
  claims('another aud', { aud: 'elsewhere' }),
  refused('a prefix of the aud', ({ oidc }) => ({ claims: { aud: oidc.audience.slice(0, -1) } })),
  refused('an aud that begins with ours', ({ oidc }) => ({ claims: { aud: `${oidc.audience}.invalid` } })),
  refused('an aud that ends with ours', ({ oidc }) => ({ claims: { aud: `x-${oidc.audience}` } })),
  refused('the aud in capitals', ({ oidc }) => ({ claims: { aud: oidc.audience.toUpperCase() } })),
  refused('several auds in one text', ({ oidc }) => ({ claims: { aud: `elsewhere ${oidc.audience}` } })),
  refused('an aud that is a list in a list', ({ oidc }) => ({ claims: { aud: [[oidc.audience]] } })),
  refused('an aud that is an object', ({ oidc }) => ({ claims: { aud: { 0: oidc.audience } } })),
  refused('the audience of the other port', ({ oidc }) => ({ claims: { aud: oidc.internalAudience } })),
  claims('an empty list of auds', { aud: [] }),
  claims('an empty aud', { aud: '' }),
  claims('an aud of several others', { aud: ['elsewhere', 'slipway.invalid'] }),
  claims('no aud', { aud: undefined }),
  claims('no exp', { exp: undefined }),
  claims('an exp that is text', { exp: '9999999999' }),
  claims('an exp that is a list', { exp: [9_999_999_999] }),
  number('an exp beyond every number', 'exp', '1e400'),
  number('an exp before every number', 'exp', '-1e400', 'TokenExpired'),
  claims('an exp of nothing', { exp: null }),
  refused('a past exp', () => ({ claims: { exp: now() - 60, iat: now() - 120 } }), 'TokenExpired'),
  refused('a future nbf', () => ({ claims: { nbf: now() + 600 } })),
  claims('an nbf that is text', { nbf: 'tomorrow' }),
  number('an nbf beyond every number', 'nbf', '1e400'),
  claims('no iat', { iat: undefined }),
  refused('a future iat', () => ({ claims: { iat: now() + 600 } })),
  number('an iat beyond every number', 'iat', '1e400'),
  ...['sub', 'jti', 'client_id'].flatMap((name) => [
    claims(`no ${name}`, { [name]: undefined }),
    claims(`an empty ${name}`, { [name]: '' }),
    claims(`a ${name} that is a list`, { [name]: ['somebody'] }),
  ]),
  claims('a scope that is a list', { scope: [...SCOPES] }),
];

const TENANT_WRONG: BrokenToken[] = [
  ['no tenantId', undefined],
  ['an empty tenantId', ''],
  ['a tenantId that is a list', ['connectsoft']],
  ['a tenantId that is an object', { id: 'connectsoft' }],
  ['a tenantId that is a number', 7],
  ['a tenantId in capitals', 'CONNECTSOFT'],
  // The first letter is Cyrillic.
  ['a tenantId that looks alike', '\u0441onnectsoft'],
  ['a tenantId with a space after it', 'connectsoft '],
  ['a tenantId with a NUL in it', 'connectsoft\u0000'],
  ['a tenantId that is a pattern', '%'],
].map(([what, tenantId]) => claims(String(what), { tenantId }, 'TenantClaimInvalid'));

export const BROKEN_TOKENS = [...NOT_SENT, ...SIGNED_WRONG, ...CLAIMS_WRONG, ...TENANT_WRONG];
