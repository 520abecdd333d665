/** What the commands to a deployment have in common: decided on its row, and then told to its workflow. */
import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import { commandOperation, unheardOf, type Answered } from '../../../db/commands.ts';
import { findDeployment } from '../../../db/deployments.ts';
import { newId } from '../../../db/new-id.ts';
import { abortedBy, type Command } from '../../../domain/commands.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { DeploymentId } from '../../../domain/ids.ts';
import type { Caller } from '../../caller.ts';
import { deploymentPath, operationPath } from '../../paths.ts';
import { commandAnswer, commandBody, deploymentParams } from '../../shapes/deployment.ts';
import { notThere } from '../../tenant-guard.ts';
import { byDeployment } from './locate.ts';
import { renderDeployment } from './render.ts';

/** All of an endpoint that commands but its route and `run`. */
export const commanding = {
  scope: 'runtime.deployments.write',
  refuses: ['CommandRefused'],
  input: { params: deploymentParams, body: commandBody },
  /** 202 while no worker has heard of it: it stands, and will be heard. */
  output: { 200: commandAnswer, 202: commandAnswer },
  target: byDeployment,
} as const;

/** @throws PlatformError `CommandRefused` with the state that it is refused in */
export async function give(
  tx: Tx,
  { tenantId, subject, traceId }: Caller,
  command: Command,
  id: DeploymentId,
  reason?: string,
) {
  const deployment = await findDeployment(tx, tenantId, id);
  if (!deployment) throw notThere('DeploymentNotFound');
  const { environmentId, operationId } = deployment;
  const key = { tenantId, environmentId };
  const receiptId = newId('req');
  const given = { command, commandId: receiptId, by: subject, because: abortedBy(subject, reason) };
  const answered = await commandOperation(tx, key, operationId, given);
  if (!answered) throw notThere('DeploymentNotFound');
  const { verdict } = answered;
  const body = { ...stateOf(answered), command, traceId };
  if (verdict.verdict === 'refused') {
    // A problem has a status of its own.
    const { status: deploymentStatus, ...details } = stateOf(answered);
    throw new PlatformError('CommandRefused', verdict.because, { details: { ...details, deploymentStatus } });
  }
  const done = { body, environmentId, receiptId };
  // What is so already was given before: whoever gave it may have been told that nobody had heard.
  const tell = unheardOf(answered.operation);
  if (!tell) return { ...done, status: 200 as const };
  const headers = { location: deploymentPath(id), 'operation-location': operationPath(operationId) };
  return { ...done, headers, status: 202 as const, tell };
}

function stateOf({ operation, deployment }: Answered): Omit<z.input<typeof commandAnswer>, 'command' | 'traceId'> {
  if (!deployment) throw notThere('DeploymentNotFound');
  const shown = renderDeployment(deployment, operation);
  const { deploymentId, environmentId, operationId, status, wanted, waitingOn, step, stepsPassed } = shown;
  return { deploymentId, environmentId, operationId, status, wanted, waitingOn, step, stepsPassed };
}
