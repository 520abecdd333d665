import { mutation } from '../../endpoint.ts';
import { deployAnswer, deployBody } from '../../shapes/deployment.ts';
import { acceptDeployment } from './accept.ts';
import { checkConfiguration, checkDependencies, checkNoDuplicates, checkTargets, lockForWork } from './checks.ts';

export const createDeployment = mutation({
  route: '/runtime/deployments',
  scope: 'runtime.deployments.write',
  summary: 'Deploy generated workloads into an environment',
  refuses: [
    'DuplicateComponent',
    'TargetNotInEnvironment',
    'DependencyUnknown',
    'DependencyCycle',
    'ConfigurationNotFound',
    'EnvironmentNotReady',
  ],
  input: { body: deployBody },
  output: { 202: deployAnswer },
  check: ({ body }) => checkNoDuplicates(body.components),
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { body }) => Promise.resolve(body.environmentId),
  },
  governed: {
    action: 'deployments.create',
    waits: true,
    question: (_tx, _caller, { body }, environment) => {
      const { tenantId: _stated, ...request } = body;
      return Promise.resolve({
        stage: environment?.stage ?? 'prod',
        // Images are resolved later; what is asked for, over what is live now, stands for the plan.
        intent: request,
        over: environment?.liveSnapshotId ?? null,
        facts: { region: environment?.region ?? '', releaseRef: body.releaseRef, strategy: body.strategy },
      });
    },
  },
  async run(tx, { tenantId, traceId }, { body }) {
    const { environmentId, releaseRef, components, configurationId, strategy, rollout, prune } = body;
    const key = { tenantId, environmentId };
    const environment = await lockForWork(tx, key);
    checkTargets(environment, components);
    await checkConfiguration(tx, key, configurationId);
    await checkDependencies(tx, environment, components, prune);
    return await acceptDeployment(tx, {
      ...key,
      releaseRef,
      strategy,
      rollout,
      configurationId: configurationId ?? null,
      components,
      prune,
      rollbackOf: null,
      snapshotId: null,
      traceId,
    });
  },
});
