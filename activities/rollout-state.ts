/** What a phase of a deployment works with: its rows, its plan, and how it tells of its progress. */
import type { Database } from '../db/client.ts';
import { componentsOf, updateComponent, type ComponentProgress } from '../db/components.ts';
import { findConfigurations, type ConfigurationRow } from '../db/configurations.ts';
import { findDeploymentByOperation, type DeploymentRow } from '../db/deployments.ts';
import { findEnvironment, requireFence } from '../db/environments.ts';
import { appendEvent } from '../db/events.ts';
import { clearHold } from '../db/operations.ts';
import { readSnapshot } from '../db/snapshots.ts';
import type { Failure } from '../domain/failures.ts';
import type { ConfigurationId, EnvironmentKey, OperationKey } from '../domain/ids.ts';
import { plan, type Plan, type PlanStep } from '../domain/plan.ts';
import type { Snapshot, SnapshotService } from '../domain/snapshot.ts';
import { stagesOf, type Stage } from '../domain/strategy.ts';
import type { ComputeTarget, Placement, RevisionSpec } from '../providers/compute/port.ts';
import type { Attempt } from './attempt.ts';
import { failureOf, inComponent, operationLost } from './failures.ts';
import type { Rolling } from './rolling.ts';

export interface Rollout extends Rolling {
  deployment: DeploymentRow;
  previous: Snapshot;
  wanted: Snapshot;
  plan: Plan;
  stages: Stage[];
  /** Steps that moved something and have something to watch. */
  moved(): PlanStep[];
  /** Whether forward work began on this component. */
  wasTouched(serviceId: string): boolean;
  /** Whether an earlier attempt brought it all the way. */
  isLive(serviceId: string): boolean;
  /** Writes a component's row and the event of it. */
  note(serviceId: string, progress: ComponentProgress): Promise<void>;
  /** What the row of a component says that this failure ends. */
  ended(failure: Failure): ComponentProgress;
  /** Runs work of one component; a fault that ends the deployment is noted on its row. */
  watched(serviceId: string, work: () => Promise<void>): Promise<void>;
  /** The components as a Markdown table. */
  table(): Promise<string>;
}

export async function loadRollout(
  db: Database,
  compute: ComputeTarget,
  input: OperationKey,
  attempt: Attempt,
): Promise<Rollout> {
  const state = await db.forTenant(input.tenantId, async (tx) => {
    const deployment = await findDeploymentByOperation(tx, input.tenantId, input.operationId);
    if (!deployment?.preparedAt) throw operationLost(input.operationId);
    const previous = await readSnapshot(tx, input.tenantId, deployment.previousSnapshotId);
    const wanted = await readSnapshot(tx, input.tenantId, deployment.snapshotId);
    const rows = await componentsOf(tx, input.tenantId, deployment.id);
    return { deployment, previous, wanted, rows };
  });
  const { deployment, previous, wanted, rows } = state;
  const specOf = await specs(db, input, [previous, wanted]);
  const done = new Set(rows.filter((row) => row.status === 'Live' && row.endedAt !== null).map((row) => row.serviceId));
  const touched = new Set(rows.filter((row) => row.startedAt !== null).map((row) => row.serviceId));

  const note = async (serviceId: string, progress: ComponentProgress) => {
    const started = touched.has(serviceId) ? {} : { startedAt: new Date() };
    touched.add(serviceId);
    await db.forTenant(input.tenantId, async (tx) => {
      // A late attempt may look and wait as it likes; it may not rewrite what a later one has written.
      await requireFence(tx, input, attempt.fence);
      await clearHold(tx, input.tenantId, input.operationId);
      await updateComponent(tx, input.tenantId, deployment.id, serviceId, { ...progress, ...started });
      const { startedAt, endedAt, ...data } = progress;
      await appendEvent(tx, input, {
        type: 'component.progress',
        operationId: input.operationId,
        data: { serviceId, ...data },
      });
    });
  };

  const ended = (failure: Failure) => ({
    ...{ reason: failure.message, endedAt: new Date() },
    failure: { ...failure, traceId: deployment.traceId },
  });

  const rolling: Rolling = {
    compute,
    attempt,
    environment: { tenantId: input.tenantId, environmentId: input.environmentId },
    policy: deployment.rollout,
    specOf,
    report: note,
  };
  const whole = plan(previous, wanted);
  return {
    ...rolling,
    deployment,
    previous,
    wanted,
    plan: whole,
    stages: stagesOf(deployment.strategy, deployment.steps),
    moved: () => whole.waves.flat().filter(({ action }) => action === 'roll' || action === 'scale'),
    wasTouched: (serviceId) => touched.has(serviceId),
    isLive: (serviceId) => done.has(serviceId),
    note,
    ended,
    async watched(serviceId, work) {
      try {
        await work();
      } catch (error) {
        const fault = inComponent(error, serviceId);
        const { failure, retryable } = failureOf(fault);
        if (!retryable) await note(serviceId, { status: 'Failed', ...ended(failure) });
        throw fault;
      }
    },
    table: async () => {
      const now = await db.forTenant(input.tenantId, (tx) => componentsOf(tx, input.tenantId, deployment.id));
      const lines = now.map(
        (row) => `| ${row.serviceId} | ${row.image ?? 'retired'} | ${row.status} | ${row.reason ?? ''} |`,
      );
      return ['| component | image | status | where it stands |', '|---|---|---|---|', ...lines].join('\n');
    },
  };
}

/** How each service of these snapshots is run: its configuration delivered, the environment's stack as its place. */
export async function specs(
  db: Database,
  key: EnvironmentKey,
  snapshots: Snapshot[],
): Promise<(service: SnapshotService, replicas: number) => RevisionSpec> {
  const ids = snapshots.flatMap(({ services }) => Object.values(services).map((service) => service.configurationId));
  const wanted = [...new Set(ids.filter((id): id is ConfigurationId => id !== null))];
  const { configurations, placement } = await db.forTenant(key.tenantId, async (tx) => ({
    configurations: new Map((await findConfigurations(tx, key.tenantId, wanted)).map((row) => [row.id, row])),
    placement: (await findEnvironment(tx, key))?.outputs ?? {},
  }));
  return (service, replicas) =>
    specOf(
      key,
      service,
      replicas,
      placement,
      service.configurationId ? configurations.get(service.configurationId) : undefined,
    );
}

function specOf(
  key: EnvironmentKey,
  service: SnapshotService,
  replicas: number,
  placement: Placement,
  configuration: ConfigurationRow | undefined,
): RevisionSpec {
  const { serviceId, revision, image, digest, port, health } = service;
  return {
    workload: { tenantId: key.tenantId, environmentId: key.environmentId, serviceId },
    revision,
    image,
    digest,
    replicas,
    port,
    health,
    env: { ...configuration?.values, ...service.env },
    files: configuration?.files ?? {},
    ...(service.secrets && { secrets: service.secrets }),
    placement,
  };
}
