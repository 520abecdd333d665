import { findDeployment } from '../../../db/deployments.ts';
import { findOperation } from '../../../db/operations.ts';
import type { EventId } from '../../../domain/ids.ts';
import { isTerminalPhase } from '../../../domain/phases.ts';
import { watch } from '../../endpoint.ts';
import type { LogEntry } from '../../live/event-tail.ts';
import { deploymentParams } from '../../shapes/deployment.ts';
import { eventEntry } from '../../shapes/event.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderEntry } from '../environments/render-entry.ts';
import { byDeployment } from './locate.ts';

/** Everything that happens to a deployment, from its first event to its last; then the stream ends. */
export const watchDeploymentEvents = watch<{ params: typeof deploymentParams }, LogEntry>({
  route: '/runtime/deployments/{deploymentId}/events',
  scope: 'runtime.deployments.read',
  summary: 'Watch what happens to a deployment',
  input: { params: deploymentParams },
  output: { 200: eventEntry },
  target: byDeployment,
  event: renderEntry,
  async run(tx, { tenantId }, { params }, { live }, lastEventId) {
    const deployment = await findDeployment(tx, tenantId, params.deploymentId);
    const operation = deployment && (await findOperation(tx, tenantId, deployment.operationId));
    if (!operation) throw notThere('DeploymentNotFound');
    const { id, environmentId, phase } = operation;
    return live.log({
      key: { tenantId, environmentId },
      after: lastEventId as EventId | null,
      operation: { id, hasEnded: isTerminalPhase(phase) },
    });
  },
});
