/** Who may read payloads: by a bearer token, or signed in with one in the browser. */
import type { Request } from 'express';
import type { Scope } from '../../domain/scopes.ts';
import type { TokenVerifier } from '../auth/token.ts';
import type { Principal } from '../caller.ts';
import { CodecRefusal } from './refusal.ts';

/** Payloads are of all tenants, so the token has to be of the internal audience as well. */
export const PAYLOAD_SCOPE: Scope = 'runtime.payloads.read';
const COOKIE = 'slipway-codec';
/** What browsers take, name and attributes included. */
const MAX_COOKIE_CHARS = 4_000;

/** @throws PlatformError when the token is not good, CodecRefusal when its scope is not. */
export async function callerOf(tokens: TokenVerifier, request: Request): Promise<Principal> {
  const authorization = request.headersDistinct.authorization ?? [];
  const signedIn = authorization.length === 0 ? tokenInCookie(request.headers.cookie) : undefined;
  return await verified(tokens, signedIn === undefined ? authorization : [`Bearer ${signedIn}`], request);
}

/** The cookie that signs a browser in for as long as the token lasts. Scripts do not see it, other sites do not cause it to be sent. */
export async function signInCookie(
  tokens: TokenVerifier,
  { token, isSecure }: { token: string; isSecure: boolean },
  request: Request,
): Promise<string> {
  const { expiresAtMs } = await verified(tokens, [`Bearer ${token}`], request);
  if (token.length > MAX_COOKIE_CHARS) throw new CodecRefusal(413, 'The token is too long for a cookie of a browser.');
  const seconds = Math.max(0, Math.floor((expiresAtMs - Date.now()) / 1000));
  return `${COOKIE}=${token}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

async function verified(tokens: TokenVerifier, authorization: string[], request: Request): Promise<Principal> {
  const principal = await tokens.verify({ authorization, tokenInQuery: 'access_token' in request.query });
  if (principal.scopes.has(PAYLOAD_SCOPE)) return principal;
  throw new CodecRefusal(403, `The token does not carry the scope ${PAYLOAD_SCOPE}.`);
}

function tokenInCookie(header: string | undefined): string | undefined {
  const prefix = `${COOKIE}=`;
  const cookies = (header ?? '').split(';').map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length);
}
