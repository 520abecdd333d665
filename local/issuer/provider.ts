// A real OIDC issuer (oidc-provider) for one machine: client_credentials for the tenants' clients, and a grant of its
// own for the operator, who may ask for a token of any tenant.
import { Provider, errors, type ClientCredentials, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { SCOPES } from '../../domain/scopes.ts';
import { OPERATOR_GRANT } from './operator-grant-name.ts';
import { OPERATOR_PARAMETERS, operatorGrant, operatorToken } from './operator-grant.ts';
import { RESOURCE_PREFIX, TOKEN_SECONDS, resourceServer } from './resource-server.ts';
import { OPERATOR_CLIENT_ID, ensureClients, ensureKeys, type IssuerClient } from './state.ts';

export interface IssuerOptions {
  home: string;
  /** The issuer's URL, as it stands in the tokens. */
  issuer: string;
  /** The audience of tokens that ask for no other. */
  audience: string;
  /** Only the operator gets tokens for it: a tenant's client is none of the platform's services. */
  internalAudience: string;
}

/** Builds the issuer; `provider.callback()` is the request listener. */
export async function createIssuer(options: IssuerOptions): Promise<Provider> {
  const { home, issuer, audience } = options;
  const provider = new Provider(issuer, configuration(ensureClients(home), await ensureKeys(home), options));
  provider.registerGrantType(OPERATOR_GRANT, operatorGrant(provider, audience), OPERATOR_PARAMETERS);
  return provider;
}

function configuration(
  clients: IssuerClient[],
  jwks: Configuration['jwks'],
  { audience, internalAudience }: IssuerOptions,
): Configuration {
  const tenantOf = new Map(clients.map(({ clientId, tenantId }) => [clientId, tenantId]));
  return {
    jwks,
    clients: clients.map(clientMetadata),
    scopes: [...SCOPES],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    ttl: { ClientCredentials: TOKEN_SECONDS },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `${RESOURCE_PREFIX}${audience}`,
        getResourceServerInfo: (_ctx, resource) => {
          const server = resourceServer(resource);
          if (server.audience !== internalAudience) return server;
          throw new errors.InvalidTarget('the internal audience is not for clients of tenants');
        },
      },
    },
    extraTokenClaims: (ctx, token) => {
      const tenantId = operatorToken(ctx)?.tenantId ?? tenantOf.get((token as ClientCredentials).clientId ?? '');
      return tenantId ? { tenantId } : {};
    },
    formats: { customizers: { jwt: (ctx, _token, jwt) => writeWhatWasAsked(ctx, jwt.payload) } },
    renderError: (ctx, out) => {
      ctx.type = 'json';
      ctx.body = out;
    },
  };
}

/** What the operator asked for and a token's ordinary fields cannot say: a subject of its own, an end in the past. */
function writeWhatWasAsked(ctx: KoaContextWithOIDC, payload: Record<string, unknown>): void {
  const asked = operatorToken(ctx);
  if (!asked) return;
  payload.sub = asked.subject;
  if (asked.ttlSeconds > 0) return;
  payload.exp = Number(payload.iat) + asked.ttlSeconds;
  payload.iat = Number(payload.exp) - 1;
}

function clientMetadata({ clientId, clientSecret }: IssuerClient) {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    grant_types: [clientId === OPERATOR_CLIENT_ID ? OPERATOR_GRANT : 'client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic' as const,
    scope: SCOPES.join(' '),
  };
}
