/** Brings environments and deployments into the states that workers would, by the database's own functions. */
import type { Database, Tx } from '../../db/client.ts';
import { findDeployment, setPrepared, setStep } from '../../db/deployments.ts';
import { findEnvironment, setEnvironmentStatus, setLiveSnapshot } from '../../db/environments.ts';
import { setJudged } from '../../db/held-operations.ts';
import { takeNext, type LaneWork } from '../../db/lane.ts';
import { advancePhase, endOperation, findOperation, latestOperation } from '../../db/operations.ts';
import { replaceServices } from '../../db/services.ts';
import { insertSnapshot, readSnapshot } from '../../db/snapshots.ts';
import type { DeploymentId, EnvironmentId, EnvironmentKey, SnapshotId } from '../../domain/ids.ts';
import type { Phase } from '../../domain/phases.ts';
import { revisionOf, type SnapshotService } from '../../domain/snapshot.ts';
import type { ApiStand, CallOptions } from './api.ts';

export const PROVISION = {
  tenantId: 'connectsoft',
  projectId: 'proj-booking-saas',
  name: 'booking-prod-weu',
  stage: 'prod',
  region: 'westeurope',
  isolationModel: 'silo',
  computeTargets: ['aks', 'container-apps', 'functions', 'app-service'],
};

let names = 0;
/** A name nobody has yet. */
export const freshName = () => `booking-${process.pid}-${(names += 1)}`;

/** Asks for an environment and ends its provisioning well. */
export async function readyEnvironment(
  stand: ApiStand,
  change: Partial<typeof PROVISION> = {},
  options: CallOptions = {},
): Promise<EnvironmentKey> {
  const { tenantId, ...body } = { ...PROVISION, name: freshName(), ...change };
  const token = options.token ?? { tenant: tenantId };
  const reply = await stand.call('POST', '/v1/runtime/environments', { body, ...options, token });
  if (reply.status !== 202) throw new Error(`no environment: ${JSON.stringify(reply.body)}`);
  const key = { tenantId, environmentId: reply.body.environmentId as EnvironmentId };
  await endProvisioning(stand.db, key, 'Completed');
  return key;
}

/** What the lane takes next, when governance allows it over what is live as it did before. */
export async function takeAllowed(tx: Tx, key: EnvironmentKey): Promise<LaneWork> {
  const work = await takeNext(tx, key);
  if (work.kind !== 'judge' || !work.operation.judged) return work;
  await setJudged(tx, key.tenantId, work.operation.id, { ...work.operation.judged, over: work.over });
  return await takeNext(tx, key);
}

export async function endProvisioning(db: Database, key: EnvironmentKey, phase: Phase): Promise<void> {
  await db.forTenant(key.tenantId, async (tx) => {
    await takeNext(tx, key);
    const operation = await latestOperation(tx, key, 'provision');
    const failure = { code: 'StackFailed', message: 'The stack could not be made.' } as const;
    if (operation) await endOperation(tx, key, operation.id, { phase, ...(phase === 'Failed' && { failure }) });
    // The lane takes a half-made environment away; then its name is free.
    if (phase === 'Failed') await setEnvironmentStatus(tx, key, ['Decommissioning'], 'Failed');
  });
}

/** Goes through a deployment as a worker would, up to `Completed`, and makes what it asks for live. */
export async function completeDeployment(db: Database, key: EnvironmentKey, id: DeploymentId): Promise<SnapshotId> {
  return await db.forTenant(key.tenantId, async (tx) => {
    const work = await takeAllowed(tx, key);
    const deployment = await findDeployment(tx, key.tenantId, id);
    if (work.kind !== 'run' || deployment?.operationId !== work.operation.id) throw new Error('another one is next');
    const before = (await findEnvironment(tx, key))?.liveSnapshotId ?? null;
    const live = await readSnapshot(tx, key.tenantId, before);
    const services = { ...live.services };
    for (const component of deployment.components) {
      services[component.moduleId] = serviceOf(component, deployment.configurationId);
    }
    const after = deployment.snapshotId ?? (await insertSnapshot(tx, key, { services }));
    await setPrepared(tx, key.tenantId, id, { previousSnapshotId: before, snapshotId: after });
    for (const phase of ['Configuring', 'RollingOut', 'HealthGating', 'Promoting'] as const) {
      await advancePhase(tx, key, work.operation.id, phase);
    }
    await setLiveSnapshot(tx, key, before, after);
    const rows = Object.values((await readSnapshot(tx, key.tenantId, after)).services).map((service) => ({
      ...key,
      serviceId: service.serviceId,
      image: service.image,
      digest: service.digest,
      target: service.target,
      revision: service.revision,
      replicas: service.replicas,
      configurationId: service.configurationId,
      endpoint: 'http://127.0.0.1:20000',
      deploymentId: id,
    }));
    await replaceServices(tx, key, rows);
    await endOperation(tx, key, work.operation.id, { phase: 'Completed' });
    return after;
  });
}

function serviceOf(
  component: {
    moduleId: string;
    image: string;
    target: SnapshotService['target'];
    replicas?: number;
    dependsOn?: string[];
  },
  configurationId: SnapshotService['configurationId'],
): SnapshotService {
  const service: Omit<SnapshotService, 'revision'> = {
    serviceId: component.moduleId,
    image: component.image,
    digest: `sha256:${'0'.repeat(64)}`,
    target: component.target,
    replicas: component.replicas ?? 1,
    port: null,
    health: { kind: 'http', path: '/healthz' },
    env: {},
    resources: {},
    dependsOn: component.dependsOn ?? [],
    configurationId,
    configurationHash: null,
  };
  return { ...service, revision: revisionOf(service) };
}

/** The contract's example, for an environment of ours. */
export const deployBody = (environmentId: string, change: Record<string, unknown> = {}) => ({
  tenantId: 'connectsoft',
  environmentId,
  releaseRef: 'release-2026.6.11',
  components: [
    { moduleId: 'module-reservations-api', image: 'acr.azurecr.io/reservations-api:1.4.2', target: 'aks' },
    { moduleId: 'module-billing-worker', image: 'acr.azurecr.io/billing-worker:1.4.2', target: 'container-apps' },
  ],
  strategy: 'RollingHealthGated',
  ...change,
});

/** A deployment that a worker has taken as far as this phase, at this step; whatever was before it has ended. */
export async function deploymentAt(
  { call, db }: ApiStand,
  key: EnvironmentKey,
  phase: 'Provisioning' | 'Configuring' | 'RollingOut' | 'HealthGating' | 'Promoting',
  step: number | null = null,
): Promise<DeploymentId> {
  const body = deployBody(key.environmentId, { tenantId: key.tenantId });
  const { body: accepted } = await call('POST', '/v1/runtime/deployments', { body, token: { tenant: key.tenantId } });
  const id = accepted.deploymentId as DeploymentId;
  await db.forTenant(key.tenantId, async (tx) => {
    const deployment = await findDeployment(tx, key.tenantId, id);
    if (!deployment) throw new Error(`no deployment: ${JSON.stringify(accepted)}`);
    const { operationId } = deployment;
    for (;;) {
      const work = await takeAllowed(tx, key);
      if (work.kind !== 'run') throw new Error(`the lane has ${work.kind} to do`);
      if (work.operation.id === operationId) break;
      await endOperation(tx, key, work.operation.id, { phase: 'Failed' });
    }
    for (const to of ['Configuring', 'RollingOut', 'HealthGating', 'Promoting'] as const) {
      if ((await findOperation(tx, key.tenantId, operationId))?.phase === phase) break;
      await advancePhase(tx, key, operationId, to);
    }
    await setStep(tx, key.tenantId, operationId, { step });
  });
  return id;
}
