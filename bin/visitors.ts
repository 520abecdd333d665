/** What the sweeps of this worker do, and how often. */
import { expiryVisitor, type ExpiryVisitorOptions } from '../activities/visitors/expiry.ts';
import { healthVisitor, type HealthVisitorOptions } from '../activities/visitors/health.ts';
import type { Visitors } from '../activities/visitors/visitor.ts';
import { ConfigError } from './config-error.ts';

const HEALTH_INTERVAL_SECONDS = 30;

/** @throws ConfigError */
export function openVisitors(
  env: Record<string, string>,
  dependencies: Omit<HealthVisitorOptions, 'intervalMs'> & ExpiryVisitorOptions,
): Visitors {
  const seconds = readSeconds(env, 'SLIPWAY_HEALTH_INTERVAL_SECONDS', HEALTH_INTERVAL_SECONDS);
  return {
    health: healthVisitor({ ...dependencies, intervalMs: seconds * 1_000 }),
    expiry: expiryVisitor(dependencies),
  };
}

function readSeconds(env: Record<string, string>, variable: string, fallback: number): number {
  const text = env[variable];
  if (!text) return fallback;
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 3_600) {
    throw new ConfigError(`${variable} must be a whole number of seconds from 1 to 3600, not "${text}".`);
  }
  return seconds;
}
