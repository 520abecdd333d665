/** A deployment that is in flight for as long as a test likes: without a supervisor it goes on trying to prepare. */
import type { Client } from '@temporalio/client';
import type { DeployRequest, Operator } from './operator.ts';
import type { TestPlatform } from './platform.ts';
import { until } from './until.ts';
import { ranOn } from './workflow-versions.ts';

export interface Held {
  deploymentId: string;
  /** Its workflow. */
  operationId: string;
  /** From now on it goes its way. */
  release(): Promise<void>;
}

/** Accepted, and begun by a worker. */
export async function holdDeployment(
  { platform }: TestPlatform,
  { operator, client }: { operator: Operator; client: Client },
  request: DeployRequest,
): Promise<Held> {
  platform.children.supervisor?.kill('SIGKILL');
  const deploymentId = await operator.deploy(request);
  const { operationId } = await operator.deployment(deploymentId);
  const hasBegun = async () => (await ranOn(client, operationId)).builds.length > 0;
  await until(hasBegun, { what: 'the deployment to begin' });
  return { deploymentId, operationId, release: () => platform.restart('supervisor') };
}
