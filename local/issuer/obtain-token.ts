import { existsSync } from 'node:fs';
import { SCOPES } from '../../domain/scopes.ts';
import { OPERATOR_GRANT } from './operator-grant-name.ts';
import { OPERATOR_CLIENT_ID, clientsFile, readClients } from './state.ts';

export interface TokenRequest {
  /** The home whose issuer it is: its operator's secret is read from there. */
  home: string;
  /** The issuer's URL. */
  issuer: string;
  /** Default `connectsoft`; empty leaves the `tenantId` claim out. */
  tenant?: string;
  /** The `sub` claim; default the operator's client id. */
  subject?: string;
  /** Default all. */
  scopes?: readonly string[];
  /** Default 3600; zero or less gives a token that expired that long ago. */
  ttlSeconds?: number;
  /** Default the issuer's own (`slipway`). */
  audience?: string;
}

/** No token; one sentence. */
export class TokenError extends Error {}

const ANSWER_LIMIT_MS = 10_000;

/** A bearer token of the embedded issuer, as its operator. @throws TokenError */
export async function obtainToken(request: TokenRequest): Promise<string> {
  const { home, issuer, tenant = 'connectsoft', subject, scopes = SCOPES, ttlSeconds, audience } = request;
  const form = new URLSearchParams({ grant_type: OPERATOR_GRANT, tenant, scope: scopes.join(' ') });
  if (subject !== undefined) form.set('subject', subject);
  if (ttlSeconds !== undefined) form.set('ttl_seconds', String(ttlSeconds));
  if (audience !== undefined) form.set('audience', audience);
  const answer = await ask(issuer, operatorSecret(home), form);
  const body = (await answer.json()) as { access_token?: string; error?: string; error_description?: string };
  if (body.access_token) return body.access_token;
  throw new TokenError(`The issuer gives no token: ${body.error_description ?? body.error ?? answer.statusText}.`);
}

function operatorSecret(home: string): string {
  if (!existsSync(clientsFile(home))) {
    throw new TokenError(`No issuer has run with ${home} yet (npm start starts it; SLIPWAY_HOME names another home).`);
  }
  const operator = readClients(home).find(({ clientId }) => clientId === OPERATOR_CLIENT_ID);
  if (!operator) throw new TokenError(`${clientsFile(home)} names no operator client.`);
  return operator.clientSecret;
}

async function ask(issuer: string, secret: string, body: URLSearchParams): Promise<Response> {
  const basic = Buffer.from(`${OPERATOR_CLIENT_ID}:${secret}`).toString('base64');
  try {
    return await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body,
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
  } catch (cause) {
    throw new TokenError(`The issuer ${issuer} does not answer; is Slipway running (npm start)?`, { cause });
  }
}
