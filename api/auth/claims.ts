/** What a token must say besides what its signature and times do. */
import type { Jwt, JwtPayload } from 'jsonwebtoken';
import { z } from 'zod';
import { PlatformError } from '../../domain/errors.ts';
import type { Principal } from '../caller.ts';

const text = z.string().min(1).max(512);
const claims = z.object({
  exp: z.number(),
  iat: z.number(),
  sub: text,
  jti: text,
  client_id: text,
  scope: z.string().max(8192).default(''),
  tenantId: z.unknown().optional(),
});

/** The principal of a token whose signature, issuer, audience and times are good already. @throws PlatformError `TokenInvalid` */
export function principalOf(token: Jwt, nowSeconds: number, toleranceSeconds: number): Principal {
  const result = claims.safeParse(token.payload as JwtPayload);
  if (!result.success) {
    const missing = result.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new PlatformError('TokenInvalid', `The token lacks a required claim or has a malformed one: ${missing}.`);
  }
  const { sub, client_id, scope, tenantId, iat, exp } = result.data;
  if (iat > nowSeconds + toleranceSeconds)
    throw new PlatformError('TokenInvalid', 'The token was issued in the future.');
  return {
    subject: sub,
    clientId: client_id,
    // Whole words only: `runtime.environments.write` is not within `runtime.environments.writer`.
    scopes: new Set(scope.split(' ').filter((word) => word !== '')),
    expiresAtMs: exp * 1000,
    tenantClaim: tenantId,
  };
}
