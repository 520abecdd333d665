import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import { latestHealth, type HealthSampleRow } from '../../../db/health.ts';
import { UNKNOWN_HEALTH } from '../../../domain/health.ts';
import type { EnvironmentKey } from '../../../domain/ids.ts';
import type { healthAnswer } from '../../shapes/health.ts';
import { renderHealth } from './render-health.ts';

export type HealthAnswer = z.input<typeof healthAnswer>;

/** The health of a service that is known to be there. */
export async function healthOf(tx: Tx, key: EnvironmentKey, serviceId: string): Promise<HealthAnswer> {
  return renderHealthOf(key, serviceId, await latestHealth(tx, key, serviceId));
}

export function renderHealthOf(key: EnvironmentKey, serviceId: string, latest: HealthSampleRow | null): HealthAnswer {
  const health = latest ? renderHealth(latest) : { ...UNKNOWN_HEALTH, evaluatedAt: null };
  return { serviceId, environmentId: key.environmentId, ...health };
}
