/** What the API is built from; `bin/api.ts` wires it. */
import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import type { Quotas } from '../domain/quota.ts';
import type { ComputeTarget } from '../providers/compute/port.ts';
import type { Governance } from '../providers/governance/port.ts';
import type { SecretStore } from '../providers/secrets/port.ts';
import type { Ring, Tell } from '../workflows/client.ts';
import type { TokenVerifier } from './auth/token.ts';
import type { RateLimiter } from './limits.ts';
import type { Live } from './live/live.ts';

/** Something that this process asks. */
export interface ReadinessCheck {
  name: string;
  /** False: without it some calls are refused or wait, and the others are served; it takes no readiness away. */
  isNeeded: boolean;
  /** Rejects when it does not answer. */
  check(signal: AbortSignal): Promise<unknown>;
}

export interface ApiDeps {
  db: Database;
  ring: Ring;
  tell: Tell;
  governance: Governance;
  compute: ComputeTarget;
  /** Asked what is there; a value is never read here. */
  secrets: Pick<SecretStore, 'latest' | 'has'>;
  /** The hosts that images may come from, in small letters; null for any. */
  imageRegistries: ReadonlySet<string> | null;
  /** Where a binding says nothing else. */
  quotas: Quotas;
  tokens: TokenVerifier;
  /** Of the tokens that open the internal APIs. */
  internalTokens: TokenVerifier;
  limits: RateLimiter;
  /** Counts calls of the internal APIs, apart: a tenant's flood must not refuse what the platform does about it. */
  internalLimits: RateLimiter;
  /** What streams are made of. */
  live: Live;
  readiness: ReadinessCheck[];
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}
