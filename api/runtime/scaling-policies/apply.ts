/**
 * Applies a scaling policy. It is in force at once; where that asks something of a service that runs, the environment's
 * lane does it as a deployment, behind the same gate as any other.
 */
import type { Tx } from '../../../db/client.ts';
import { lockEnvironment, setLiveSnapshot, type EnvironmentRow } from '../../../db/environments.ts';
import { appendEvent } from '../../../db/events.ts';
import { putScalingPolicy, scalingOf, scalingPoliciesOf, type ScalingPolicyRow } from '../../../db/scaling-policies.ts';
import { insertSnapshot, readSnapshot } from '../../../db/snapshots.ts';
import { PlatformError } from '../../../domain/errors.ts';
import type { EnvironmentKey } from '../../../domain/ids.ts';
import { own } from '../../../domain/own.ts';
import type { ComputeTargetName } from '../../../domain/phases.ts';
import { DEFAULT_ROLLOUT } from '../../../domain/rollout.ts';
import { clampReplicas } from '../../../domain/scaling.ts';
import { mutation } from '../../endpoint.ts';
import { scalingPolicyPath } from '../../paths.ts';
import { scalingPolicyAnswer, scalingPolicyBody, scalingPolicyStarted } from '../../shapes/scaling-policy.ts';
import { lockForWork } from '../deployments/checks.ts';
import { acceptOverLive } from '../deployments/over-live.ts';
import { renderScalingPolicy } from './render.ts';

export const applyScalingPolicy = mutation({
  route: '/runtime/scaling-policies',
  summary: 'Apply a scaling policy to a service',
  scope: 'runtime.scaling.write',
  refuses: ['TargetNotInEnvironment', 'EnvironmentNotReady'],
  input: { body: scalingPolicyBody },
  output: { 200: scalingPolicyAnswer, 201: scalingPolicyAnswer, 202: scalingPolicyStarted },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { body }) => Promise.resolve(body.environmentId),
  },
  governed: {
    action: 'scaling.apply',
    question: (_tx, _caller, { body }, environment) => {
      const { tenantId: _stated, ...policy } = body;
      return Promise.resolve({
        stage: environment?.stage ?? 'prod',
        intent: policy,
        over: environment?.liveSnapshotId ?? null,
        facts: { region: environment?.region ?? '', serviceId: body.serviceId, target: body.target },
      });
    },
  },
  current: async (tx, { tenantId }, { body: { environmentId, serviceId } }) => {
    const key = { tenantId, environmentId };
    await lockEnvironment(tx, key);
    const row = (await scalingPoliciesOf(tx, key)).get(serviceId);
    return row ? renderScalingPolicy(row) : null;
  },
  async run(tx, { tenantId, traceId }, { body }) {
    const { tenantId: _stated, environmentId, serviceId, ...wanted } = body;
    const key = { tenantId, environmentId };
    const environment = await lockForWork(tx, key);
    checkTarget(environment, wanted.target);
    const { row, replaced } = await putScalingPolicy(tx, key, serviceId, wanted, traceId);
    await appendEvent(tx, key, { type: 'scaling.applied', data: { serviceId, ...scalingOf(row) } });
    const policy = renderScalingPolicy(row);
    if (await holdsAlready(tx, environment, row)) {
      const headers = { location: scalingPolicyPath(row.id) };
      return replaced
        ? { status: 200 as const, headers, body: policy, environmentId }
        : { status: 201 as const, headers, body: policy, environmentId };
    }
    const scaling = { releaseRef: `scaling-of-${serviceId}`, rollout: DEFAULT_ROLLOUT, serviceId, traceId };
    const started = await acceptOverLive(tx, environment, scaling);
    return { ...started, body: { ...policy, deploymentId: started.body.deploymentId } };
  },
});

/** @throws PlatformError `TargetNotInEnvironment` */
function checkTarget(environment: EnvironmentRow, target: ComputeTargetName): void {
  if (environment.computeTargets.includes(target)) return;
  const message = `${target} is not a compute target of the environment`;
  throw new PlatformError('TargetNotInEnvironment', `The environment has ${environment.computeTargets.join(', ')}.`, {
    pointers: [{ pointer: '/target', message }],
  });
}

/**
 * Whether nothing that runs has to change. Then what should run is written down anew with this policy. While a
 * deployment is under way nobody can say what will be live after it, so that is left to the lane.
 */
async function holdsAlready(tx: Tx, environment: EnvironmentRow, row: ScalingPolicyRow): Promise<boolean> {
  if (environment.status === 'Updating') return false;
  const { tenantId, liveSnapshotId } = environment;
  const live = await readSnapshot(tx, tenantId, liveSnapshotId);
  const service = own(live.services, row.serviceId);
  if (!service || liveSnapshotId === null) return true;
  const scaling = scalingOf(row);
  if (clampReplicas(service.replicas, scaling) !== service.replicas) return false;
  const key: EnvironmentKey = { tenantId, environmentId: environment.id };
  const services = { ...live.services, [row.serviceId]: { ...service, scaling } };
  const next = await insertSnapshot(tx, key, { services }, liveSnapshotId);
  if (!(await setLiveSnapshot(tx, key, liveSnapshotId, next)))
    throw new Error('the live snapshot moved under its lock');
  return true;
}
