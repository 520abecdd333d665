import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import { latestHealth } from '../../../db/health.ts';
import { UNKNOWN_HEALTH } from '../../../domain/health.ts';
import type { EnvironmentKey } from '../../../domain/ids.ts';
import type { healthAnswer } from '../../shapes/health.ts';
import { renderHealth } from './render-health.ts';

export type HealthAnswer = z.input<typeof healthAnswer>;

/** The health of a service that is known to be there. */
export async function healthOf(tx: Tx, key: EnvironmentKey, serviceId: string): Promise<HealthAnswer> {
  const latest = await latestHealth(tx, key, serviceId);
  const health = latest ? renderHealth(latest) : { ...UNKNOWN_HEALTH, evaluatedAt: null };
  return { serviceId, environmentId: key.environmentId, ...health };
}
