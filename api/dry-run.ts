/**
 * A dry run does what the call would do, in a transaction that is rolled back: what it is refused by is refused here,
 * and nothing stays, no receipt either.
 */
import type { z } from 'zod';
import type { Tx } from '../db/client.ts';
import { findDeploymentByOperation, type DeploymentRow } from '../db/deployments.ts';
import { changeOf, type Digests } from '../db/wanted-snapshot.ts';
import { OperationFault, type Failure } from '../domain/failures.ts';
import { plan as planOf, type Plan, type PlanStep } from '../domain/plan.ts';
import { resolveImages } from '../providers/compute/port.ts';
import { carryOut, type Mutation } from './accept.ts';
import type { ApiDeps } from './deps.ts';
import type { Accepted, Answer } from './endpoint.ts';
import type { dryRunAnswer } from './shapes/dry-run.ts';

type Body = z.input<typeof dryRunAnswer>;

/** @throws PlatformError what the call itself would be refused by, a denial of governance apart */
export async function dryRun(deps: ApiDeps, mutation: Mutation): Promise<Answer> {
  const { governance } = mutation;
  const { status, deployment } = await rehearse(deps, mutation, async (tx, accepted) => ({
    status: accepted.status,
    deployment: await deploymentOf(tx, mutation, accepted),
  }));
  const body: Body = {
    dryRun: true,
    wouldAnswer: governance?.decision === 'deny' ? null : status,
    ...(deployment ? await planned(deps, mutation, deployment) : { plan: null, problems: [] }),
    governance: governance && { ...governance },
  };
  return { status: 200, body };
}

async function planned(
  deps: ApiDeps,
  mutation: Mutation,
  { components }: DeploymentRow,
): Promise<Pick<Body, 'plan' | 'problems'>> {
  try {
    // Outside of any transaction: the registry may be slow, and the environment's row is not held meanwhile.
    const digests = await resolveImages(deps.compute, components);
    const plan = await rehearse(deps, mutation, (tx, accepted) => planIn(tx, mutation, accepted, digests));
    return { plan: plan && { waves: plan.waves.map((wave) => wave.map(renderStep)) }, problems: [] };
  } catch (error) {
    if (!(error instanceof OperationFault)) throw error;
    return { plan: null, problems: [shown(error.failure)] };
  }
}

async function planIn(tx: Tx, mutation: Mutation, accepted: Accepted, digests: Digests): Promise<Plan | null> {
  const deployment = await deploymentOf(tx, mutation, accepted);
  if (!deployment) return null;
  const { live, wanted } = await changeOf(tx, deployment, digests);
  return planOf(live, wanted);
}

async function deploymentOf(tx: Tx, { caller }: Mutation, { operation }: Accepted): Promise<DeploymentRow | null> {
  return operation ? await findDeploymentByOperation(tx, caller.tenantId, operation.id) : null;
}

/** What `look` sees where the call has been carried out; then all of it is rolled back. */
async function rehearse<T>(
  { db, ...deps }: ApiDeps,
  mutation: Mutation,
  look: (tx: Tx, accepted: Accepted) => Promise<T>,
): Promise<T> {
  const { caller } = mutation;
  const seen: { value: T }[] = [];
  const enough = new Error('a dry run ends here');
  try {
    await db.forTenant(caller.tenantId, async (tx) => {
      const accepted = await carryOut(tx, { db, ...deps }, mutation);
      seen.push({ value: await look(tx, accepted) });
      throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return (seen[0] as { value: T }).value;
}

function renderStep({ serviceId, action, from, to }: PlanStep): NonNullable<Body['plan']>['waves'][number][number] {
  return {
    serviceId,
    action,
    image: to?.image ?? from?.image ?? null,
    digest: to?.digest ?? from?.digest ?? null,
    target: to?.target ?? from?.target ?? null,
    fromRevision: from?.revision ?? null,
    toRevision: to?.revision ?? null,
    fromReplicas: from?.replicas ?? 0,
    toReplicas: to?.replicas ?? 0,
  };
}

function shown({ code, message, serviceId }: Failure): Body['problems'][number] {
  return { code, message, ...(serviceId !== undefined && { serviceId }) };
}
