/** Changes what an environment is, not what runs in it. */
import type { Tx } from '../../../db/client.ts';
import { changeEnvironment, findEnvironment, lockEnvironment, type EnvironmentRow } from '../../../db/environments.ts';
import { appendEvent } from '../../../db/events.ts';
import { withdrawExpiry } from '../../../db/expiry.ts';
import { findOpenOperation } from '../../../db/operations.ts';
import { servicesOnTargets } from '../../../db/targets-in-use.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { EnvironmentKey } from '../../../domain/ids.ts';
import type { ComputeTargetName } from '../../../domain/phases.ts';
import { mutation } from '../../endpoint.ts';
import { environmentAnswer, environmentParams, environmentPatch } from '../../shapes/environment.ts';
import { notThere } from '../../tenant-guard.ts';
import { heldEnvironment, renderWhole } from './whole.ts';

export const patchEnvironment = mutation({
  method: 'PATCH',
  route: '/runtime/environments/{environmentId}',
  scope: 'runtime.environments.write',
  summary: 'Change the compute targets of an environment, or when it is no longer wanted',
  refuses: ['EnvironmentNotReady', 'TargetInUse'],
  input: { params: environmentParams, body: environmentPatch },
  output: { 200: environmentAnswer },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { params }) => Promise.resolve(params.environmentId),
  },
  governed: {
    action: 'environments.change',
    question: (_tx, _caller, { params, body }, environment) => {
      const { computeTargets, expiresAt } = body;
      const intent = { ...params, computeTargets, expiresAt: expiresAt && expiresAt.toISOString() };
      const { stage = 'prod', region = '', projectId = '', name = '' } = environment ?? {};
      return Promise.resolve({ stage, intent, facts: { region, projectId, name } });
    },
  },
  current: heldEnvironment,
  async run(tx, { tenantId }, { params, body }) {
    const key = { tenantId, environmentId: params.environmentId };
    const before = await lockEnvironment(tx, key);
    if (!before) throw notThere('EnvironmentNotFound');
    checkStanding(before);
    await checkNotGoing(tx, key);
    const { computeTargets, expiresAt } = body;
    if (computeTargets) await checkNotInUse(tx, key, before, computeTargets);
    if (expiresAt !== undefined) await withdrawExpiry(tx, key);
    await changeEnvironment(tx, key, { computeTargets, expiresAt });
    const data = {
      ...(computeTargets && { computeTargets }),
      ...(expiresAt !== undefined && { expiresAt: expiresAt && expiresAt.toISOString() }),
    };
    await appendEvent(tx, key, { type: 'environment.changed', data });
    const after = await findEnvironment(tx, key);
    if (!after) throw notThere('EnvironmentNotFound');
    return { status: 200 as const, body: await renderWhole(tx, after), environmentId: key.environmentId };
  },
});

function checkStanding({ id, status }: EnvironmentRow): void {
  if (status === 'Provisioning' || status === 'Ready' || status === 'Updating') return;
  throw new PlatformError('EnvironmentNotReady', `The environment is ${status} and is not changed any more.`, {
    details: { environmentId: id, environmentStatus: status },
  });
}

/** Whoever reads that it stays longer must not lose it all the same. One that waits for an approval may still be refused. */
async function checkNotGoing(tx: Tx, key: EnvironmentKey): Promise<void> {
  const decommission = await findOpenOperation(tx, key, 'decommission');
  if (!decommission || decommission.waitingOn?.kind === 'approval') return;
  throw new PlatformError('EnvironmentNotReady', 'The environment is to be taken away and is not changed any more.', {
    details: { environmentId: key.environmentId, operationId: decommission.id },
  });
}

async function checkNotInUse(
  tx: Tx,
  key: EnvironmentKey,
  before: EnvironmentRow,
  wanted: ComputeTargetName[],
): Promise<void> {
  const gone = before.computeTargets.filter((target) => !wanted.includes(target));
  const serviceIds = await servicesOnTargets(tx, key, gone);
  if (serviceIds.length === 0) return;
  const message = `${gone.join(', ')} cannot go: ${serviceIds.join(', ')} run there, or are about to.`;
  throw new PlatformError('TargetInUse', message, { details: { serviceIds } });
}
