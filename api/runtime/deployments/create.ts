import type { z } from 'zod';
import type { Tx } from '../../../db/client.ts';
import type { EnvironmentRow } from '../../../db/environments.ts';
import { stepsOf } from '../../../domain/strategy.ts';
import type { Caller } from '../../caller.ts';
import { mutation } from '../../endpoint.ts';
import { deployAnswer, deployBody } from '../../shapes/deployment.ts';
import { acceptDeployment } from './accept.ts';
import {
  checkConfiguration,
  checkDependencies,
  checkNoDuplicates,
  checkRegistries,
  checkTargets,
  lockForWork,
} from './checks.ts';
import { promotedFrom } from './promoted.ts';

type Body = z.output<typeof deployBody>;

export const createDeployment = mutation({
  route: '/runtime/deployments',
  scope: 'runtime.deployments.write',
  summary: 'Deploy generated workloads into an environment',
  refuses: [
    'DuplicateComponent',
    'TargetNotInEnvironment',
    'RegistryNotAllowed',
    'DependencyUnknown',
    'DependencyCycle',
    'ConfigurationNotFound',
    'DeploymentNotFound',
    'DeploymentNotCompleted',
    'NothingToPromote',
    'EnvironmentNotReady',
    'OperationInProgress',
  ],
  input: { body: deployBody },
  output: { 202: deployAnswer },
  check: ({ body }) => checkNoDuplicates(body.components ?? []),
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { body }) => Promise.resolve(body.environmentId),
  },
  governed: {
    action: 'deployments.create',
    waits: true,
    question: async (tx, caller, { body }, environment) => {
      const { tenantId: _stated, ...request } = body;
      const { releaseRef, components, fromDeploymentId } = await releaseOf(tx, caller, body);
      return {
        stage: environment?.stage ?? 'prod',
        // Images are resolved later; what is asked for, over what is live now, stands for the plan. What is promoted is
        // known to the digest.
        intent: { request, ...(fromDeploymentId && { components }) },
        over: environment?.liveSnapshotId ?? null,
        facts: { region: environment?.region ?? '', releaseRef, strategy: body.strategy },
      };
    },
  },
  async run(tx, caller, { body }, { imageRegistries }) {
    const { environmentId, configurationId, strategy, rollout, prune, onConflict } = body;
    const { steps, ...policy } = rollout;
    const key = { tenantId: caller.tenantId, environmentId };
    const environment = await lockForWork(tx, key);
    const release = await releaseOf(tx, caller, body);
    checkRegistries(imageRegistries, release.components, release.fromDeploymentId && '/fromDeploymentId');
    await checkRelease(tx, environment, release, prune);
    await checkConfiguration(tx, key, configurationId);
    const deployment = {
      ...key,
      ...release,
      strategy,
      rollout: policy,
      steps: [...stepsOf(strategy, steps)],
      configurationId: configurationId ?? null,
      prune,
      rollbackOf: null,
      restartOf: null,
      snapshotId: null,
      traceId: caller.traceId,
    };
    const serviceIds = release.components.map(({ moduleId }) => moduleId);
    return await acceptDeployment(tx, deployment, serviceIds, onConflict);
  },
});

type Release = Awaited<ReturnType<typeof releaseOf>>;

/** What is deployed, under which name. @throws PlatformError when there is nothing to promote */
async function releaseOf(tx: Tx, caller: Caller, { releaseRef, components, fromDeploymentId }: Body) {
  if (fromDeploymentId === undefined) {
    // The shape has seen to it that both are there.
    return { releaseRef: releaseRef ?? '', components: components ?? [], fromDeploymentId: null };
  }
  const { source, components: promoted } = await promotedFrom(tx, caller, fromDeploymentId);
  return { releaseRef: releaseRef ?? source.releaseRef, components: promoted, fromDeploymentId };
}

async function checkRelease(
  tx: Tx,
  environment: EnvironmentRow,
  { components, fromDeploymentId }: Release,
  prune: boolean,
): Promise<void> {
  checkTargets(environment, components, fromDeploymentId === null ? null : '/fromDeploymentId');
  // What is promoted ran as a whole: its dependencies come with it.
  if (fromDeploymentId === null) await checkDependencies(tx, environment, components, prune);
}
