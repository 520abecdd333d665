import type { z } from 'zod';
import type { EnvironmentRow } from '../../../db/environments.ts';
import type { environmentSummary } from '../../shapes/environment.ts';

/** An environment without what runs in it. */
export function renderEnvironment(row: EnvironmentRow): z.input<typeof environmentSummary> {
  return {
    environmentId: row.id,
    tenantId: row.tenantId,
    projectId: row.projectId,
    name: row.name,
    stage: row.stage,
    region: row.region,
    isolationModel: row.isolationModel,
    computeTargets: row.computeTargets,
    pulumiStackRef: row.pulumiStackRef,
    status: row.status,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    traceId: row.traceId,
  };
}
