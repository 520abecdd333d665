// The operator's grant: whoever holds the home's operator secret may ask for a token of any tenant, subject, scopes,
// audience and lifetime. It is how `npm run token`, the demo and the tests get theirs.
import { errors, type KoaContextWithOIDC, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { SCOPES } from '../../domain/scopes.ts';
import { RESOURCE_PREFIX, TOKEN_SECONDS, resourceServer } from './resource-server.ts';

/** Form parameters of the grant; `tenant` empty leaves the claim out, `ttl_seconds` below 1 gives an expired token. */
export const OPERATOR_PARAMETERS = ['tenant', 'subject', 'scope', 'audience', 'ttl_seconds'] as const;

type Parameters = Partial<Record<(typeof OPERATOR_PARAMETERS)[number], string>>;

/** What the operator asked for and an ordinary token of the provider cannot carry. */
export interface OperatorToken {
  tenantId: string;
  subject: string;
  ttlSeconds: number;
}

const MAX_TTL_SECONDS = 30 * 24 * 3600;
const asked = new WeakMap<object, OperatorToken>();

/** What this request asked of the operator's grant; undefined for every other request. */
export function operatorToken(ctx: KoaContextWithOIDC | undefined): OperatorToken | undefined {
  return ctx && asked.get(ctx);
}

/** The grant's handler. `audience` is the default one. */
export function operatorGrant(provider: Provider, audience: string) {
  return async (ctx: TokenEndpointGrantContext<Parameters>): Promise<void> => {
    const { client, params } = ctx.oidc;
    const ttlSeconds = lifetime(params.ttl_seconds);
    asked.set(ctx, { tenantId: params.tenant ?? '', subject: params.subject || client.clientId, ttlSeconds });
    const scope = knownScopes(params.scope);
    const resource = `${RESOURCE_PREFIX}${params.audience || audience}`;
    const server = resourceServer(resource);
    const token = new provider.ClientCredentials({ client, scope, expiresIn: Math.max(ttlSeconds, 1) });
    token.resourceServer = { ...server, scopes: new Set(SCOPES), identifier: () => resource };
    ctx.oidc.entity('ClientCredentials', token);
    const value = await token.save();
    ctx.body = { access_token: value, token_type: 'Bearer', expires_in: ttlSeconds, scope };
  };
}

function lifetime(text: string | undefined): number {
  const seconds = Number(text || TOKEN_SECONDS);
  if (!Number.isInteger(seconds) || Math.abs(seconds) > MAX_TTL_SECONDS) {
    throw new errors.InvalidRequest(`ttl_seconds must be a whole number up to ${MAX_TTL_SECONDS}`);
  }
  return seconds;
}

/** Unlike the provider, which drops what it does not know, a misspelt scope is refused. None at all is none granted. */
function knownScopes(text: string | undefined): string | undefined {
  const scopes = (text ?? '').split(' ').filter((scope) => scope !== '');
  const unknown = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (unknown !== undefined) throw new errors.InvalidScope('there is no such scope', unknown);
  return scopes.length > 0 ? scopes.join(' ') : undefined;
}
