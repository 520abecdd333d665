import type { z } from 'zod';
import type { HealthSampleRow } from '../../../db/health.ts';
import type { healthSample } from '../../shapes/health.ts';

export function renderHealth({ status, checks, evaluatedAt }: HealthSampleRow): z.input<typeof healthSample> {
  return { status, checks, evaluatedAt: evaluatedAt.toISOString() };
}
