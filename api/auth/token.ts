/** From a bearer token to the principal it speaks for. */
import jwt, { type Algorithm, type Jwt } from 'jsonwebtoken';
import { PlatformError } from '../../domain/errors.ts';
import type { Principal } from '../caller.ts';
import { bearerIn, headerOf, type Credentials } from './bearer.ts';
import { principalOf } from './claims.ts';
import { isEncrypted, openDecryption, type DecryptionKey } from './decryption.ts';
import type { IssuerKeys } from './keys.ts';

export interface TokenVerifier {
  /** @throws PlatformError `TokenMissing`, `TokenInvalid`, `TokenExpired`, `IssuerUnavailable` */
  verify(credentials: Credentials): Promise<Principal>;
  /** Whom a header speaks for, when its token was verified a moment ago; null says nothing about it. */
  known(authorization: string | undefined): Principal | null;
}

export interface TokenOptions {
  issuer: string;
  /** What `aud` has to be, or to have among its texts when it is a list; word for word. */
  audience: string;
  keys: IssuerKeys;
  /** Accepted `typ` headers. @default ['at+jwt'] */
  types?: string[];
  /** For tokens that are encrypted; without it they are refused. */
  decryptionKey?: DecryptionKey;
}

const ALGORITHMS: Algorithm[] = ['RS256', 'ES256', 'PS256'];
const TOLERANCE_SECONDS = 30;
const CACHE_MS = 60_000;
const CACHE_SIZE = 5_000;
/** Far above any real token with its `Bearer `. */
const MAX_CHARS = 12_288;
/** A thumbprint is below a hundred; unknown ones are remembered for a while. */
const MAX_KID_CHARS = 256;

/**
 * Of a header, what it is found by: the end of a signature. A hash of the whole would be a tenth of what a read from memory
 * costs (ADR 0047).
 */
const TAIL_CHARS = 24;

interface Verified {
  /** The whole header. */
  header: string;
  principal: Principal;
  kid: string;
  untilMs: number;
}

export function openTokenVerifier(options: TokenOptions): TokenVerifier {
  const { issuer, audience, keys, types = ['at+jwt'], decryptionKey } = options;
  const decrypt = decryptionKey ? openDecryption(decryptionKey, types) : refuseEncrypted;
  const cache = new Map<string, Verified>();
  const cached = (header: string): Principal | null => {
    const tail = header.slice(-TAIL_CHARS);
    const verified = cache.get(tail);
    if (verified?.header !== header) return null;
    // A key that the issuer has taken back takes the tokens it signed with it.
    if (verified.untilMs > Date.now() && keys.has(verified.kid)) return verified.principal;
    cache.delete(tail);
    return null;
  };
  return {
    async verify(credentials) {
      const header = headerOf(credentials);
      if (header.length > MAX_CHARS) throw invalid(`The token is longer than ${MAX_CHARS} characters.`);
      const known = cached(header);
      if (known) return known;
      const bearer = bearerIn(header);

      const token = isEncrypted(bearer) ? await decrypt(bearer) : bearer;
      const kid = keyIdOf(token, types);
      const key = await keys.find(kid);
      const verified = verify(token, key.getPublicKey(), key.alg, { issuer, audience });
      const principal = principalOf(verified, Date.now() / 1000, TOLERANCE_SECONDS);
      const { exp } = verified.payload as { exp: number };
      const oldest = cache.size >= CACHE_SIZE ? cache.keys().next().value : undefined;
      if (oldest !== undefined) cache.delete(oldest);
      cache.set(header.slice(-TAIL_CHARS), {
        ...{ header, principal, kid },
        untilMs: Math.min(Date.now() + CACHE_MS, exp * 1000),
      });
      return principal;
    },
    known(authorization) {
      return authorization === undefined || authorization.length > MAX_CHARS ? null : cached(authorization);
    },
  };
}

function refuseEncrypted(): never {
  throw invalid('The token is encrypted, and this API has no key to decrypt it; it takes signed tokens.');
}

function keyIdOf(token: string, types: string[]): string {
  const decoded = decode(token);
  if (!decoded || typeof decoded.payload === 'string') throw invalid('The token is not a signed JWT.');
  const { typ, alg, kid, crit, b64 } = decoded.header as Record<'typ' | 'alg' | 'kid', string> &
    Record<string, unknown>;
  const type = typ?.toLowerCase().replace(/^application\//, '');
  if (type === undefined || !types.includes(type)) throw invalid('The token is not an access token (typ at+jwt).');
  if (!ALGORITHMS.some((one) => one === alg))
    throw invalid('The token is signed with an algorithm that is not accepted.');
  // A payload that is not encoded (b64) is an extension that has to be called critical; here neither is taken.
  if (crit !== undefined || b64 !== undefined) throw invalid('The token asks for extensions that are not known here.');
  if (typeof kid !== 'string' || kid.length > MAX_KID_CHARS) throw invalid('The token names no key.');
  return kid;
}

function decode(token: string): Jwt | null {
  try {
    return jwt.decode(token, { complete: true });
  } catch (error) {
    throw invalid('The token is not a signed JWT.', error);
  }
}

function verify(
  token: string,
  pem: string,
  alg: string | undefined,
  expected: { issuer: string; audience: string },
): Jwt {
  // A key that says its algorithm is used with no other.
  const algorithms = ALGORITHMS.filter((one) => alg === undefined || alg === one);
  try {
    return jwt.verify(token, pem, { ...expected, algorithms, clockTolerance: TOLERANCE_SECONDS, complete: true });
  } catch (error) {
    if (error instanceof jwt.TokenExpiredError) throw new PlatformError('TokenExpired', 'The token has expired.');
    throw invalid(reasonOf(error), error);
  }
}

/** The library's sentences name expected values; these do not. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('audience')) return 'The token is for another audience.';
  if (message.includes('issuer')) return 'The token is from another issuer.';
  if (error instanceof jwt.NotBeforeError) return 'The token is not valid yet.';
  return 'The token does not verify.';
}

function invalid(message: string, cause?: unknown): PlatformError {
  return new PlatformError('TokenInvalid', message, { cause });
}
