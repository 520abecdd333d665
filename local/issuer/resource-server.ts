import { errors } from 'oidc-provider';
import { SCOPES } from '../../domain/scopes.ts';

/** A resource indicator is an absolute URI, an audience of ours a plain word: the word follows this prefix. */
export const RESOURCE_PREFIX = 'urn:slipway:audience:';
export const TOKEN_SECONDS = 3600;

/** How tokens for a resource look: RS256-signed JWTs (`typ: at+jwt`). @throws InvalidTarget for a foreign resource */
export function resourceServer(resource: string) {
  if (!resource.startsWith(RESOURCE_PREFIX)) {
    throw new errors.InvalidTarget(`resource must start with ${RESOURCE_PREFIX}`);
  }
  return {
    audience: resource.slice(RESOURCE_PREFIX.length),
    scope: SCOPES.join(' '),
    accessTokenTTL: TOKEN_SECONDS,
    accessTokenFormat: 'jwt' as const,
    jwt: { sign: { alg: 'RS256' as const } },
  };
}
