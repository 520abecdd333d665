/** Tenants never meet: who the caller acts for, and whether that tenant may act on the environment at all. */
import { findGuarded, type EnvironmentRow } from '../db/environments.ts';
import type { Tx } from '../db/client.ts';
import { PlatformError, type ErrorCode } from '../domain/errors.ts';
import type { TraceId } from '../domain/ids.ts';
import type { Caller, Principal } from './caller.ts';
import type { Target } from './endpoint.ts';

const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function isTenantId(claim: unknown): claim is string {
  return typeof claim === 'string' && TENANT.test(claim);
}

/** The tenant is the token's, always. @throws PlatformError `TenantClaimInvalid` */
export function callerOf({ tenantClaim, ...principal }: Principal, traceId: TraceId): Caller {
  if (!isTenantId(tenantClaim)) {
    throw new PlatformError(
      'TenantClaimInvalid',
      'The token names no tenant: its tenantId claim is missing or malformed.',
    );
  }
  return { ...principal, tenantId: tenantClaim, traceId };
}

/** Before any look-up. @throws PlatformError `TenantMismatch` */
export function checkStatedTenant(caller: Caller, stated: unknown): void {
  if (stated !== undefined && stated !== caller.tenantId) {
    throw new PlatformError('TenantMismatch', "The tenantId stated is not the token's.");
  }
}

/** The environment that the call is about. A missing one and another tenant's answer alike. @throws PlatformError */
export async function guardTarget<I>(tx: Tx, caller: Caller, target: Target<I>, input: I): Promise<EnvironmentRow> {
  const environmentId = await target.locate(tx, caller.tenantId, input);
  if (environmentId === null) throw notThere(target.notFound);
  const found = await findGuarded(tx, { tenantId: caller.tenantId, environmentId });
  if (!found) throw notThere(target.notFound);
  if (target.isUnbound) return found.environment;
  if (found.binding === 'none') throw notThere(target.notFound);
  if (found.binding === 'revoked') throw bindingRevoked();
  return found.environment;
}

export function bindingRevoked(): PlatformError {
  return new PlatformError('BindingRevoked', "The tenant's binding to this environment was revoked.");
}

/** The one sentence for what is not there. It names no id, so that two such answers differ in their trace alone. */
export function notThere(code: ErrorCode): PlatformError {
  const words = code.replace(/NotFound$/, '').match(/[A-Z][a-z]*/g) ?? [];
  const noun = words.join(' ').toLowerCase();
  return new PlatformError(code, `There is no such ${noun}.`);
}
