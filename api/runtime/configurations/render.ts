import type { z } from 'zod';
import type { ConfigurationRow } from '../../../db/configurations.ts';
import type { publishAnswer } from '../../shapes/configuration.ts';

/** A configuration without its content. */
export function renderPublished(row: ConfigurationRow): z.input<typeof publishAnswer> {
  return {
    configurationId: row.id,
    environmentId: row.environmentId,
    version: row.version,
    hash: row.hash,
    createdAt: row.createdAt.toISOString(),
    traceId: row.traceId,
  };
}
