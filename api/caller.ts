import type { TraceId } from '../domain/ids.ts';

/** Whose call this is, once the token is believed. */
export interface Principal {
  subject: string;
  clientId: string;
  scopes: ReadonlySet<string>;
  /** When the token expires, ms since the epoch: then its streams end. */
  expiresAtMs: number;
  /** The token's `tenantId` claim as it stands there; the tenant guard judges it. */
  tenantClaim: unknown;
}

/** Who calls, for which tenant, in which trace. */
export interface Caller {
  tenantId: string;
  subject: string;
  clientId: string;
  scopes: ReadonlySet<string>;
  expiresAtMs: number;
  traceId: TraceId;
}
