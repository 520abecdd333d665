/** How much a tenant may have, by configuration. */
import { DEFAULT_QUOTAS, type Quotas } from '../domain/quota.ts';
import { ConfigError } from './config-error.ts';

const VARIABLES: Record<keyof Quotas, string> = {
  environments: 'SLIPWAY_QUOTA_ENVIRONMENTS',
  services: 'SLIPWAY_QUOTA_SERVICES',
  replicas: 'SLIPWAY_QUOTA_REPLICAS',
  operations: 'SLIPWAY_QUOTA_OPERATIONS',
};
const MAX = 1_000_000;

/** @throws ConfigError */
export function readQuotas(env: Record<string, string | undefined>): Quotas {
  const quotas = { ...DEFAULT_QUOTAS };
  for (const [name, variable] of Object.entries(VARIABLES) as [keyof Quotas, string][]) {
    const text = env[variable];
    if (!text) continue;
    const limit = Number(text);
    if (!/^\d+$/.test(text) || limit < 1 || limit > MAX) {
      throw new ConfigError(`${variable} must be a whole number from 1 to ${MAX}, not "${text}".`);
    }
    quotas[name] = limit;
  }
  return quotas;
}
