import type { z } from 'zod';
import { eventsOfOperation, type EventRow } from '../../../db/events.ts';
import type { OperationId } from '../../../domain/ids.ts';
import { read } from '../../endpoint.ts';
import { deploymentAnswer, deploymentParams } from '../../shapes/deployment.ts';
import { byDeployment } from './locate.ts';
import { loadProgress } from './progress.ts';

type Rendered = z.input<typeof deploymentAnswer>;

export const getDeployment = read({
  route: '/runtime/deployments/{deploymentId}',
  scope: 'runtime.deployments.read',
  summary: 'Get deployment status and rollout history',
  input: { params: deploymentParams },
  output: { 200: deploymentAnswer },
  target: byDeployment,
  async run(tx, { tenantId }, { params }) {
    const progress = await loadProgress(tx, tenantId, params.deploymentId);
    const events = await eventsOfOperation(tx, tenantId, progress.operationId as OperationId);
    return { status: 200 as const, body: { ...progress, history: events.map(renderEvent) } };
  },
});

function renderEvent({ data, at, type }: EventRow): Rendered['history'][number] {
  return { ...data, at: at.toISOString(), type };
}
