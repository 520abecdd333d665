/** An environment in which there is one thing of every kind, so that a call of every endpoint finds what it names. */
import { join } from 'node:path';
import { insertApproval } from '../../db/approvals.ts';
import { setOutputs } from '../../db/environments.ts';
import { newId } from '../../db/new-id.ts';
import type { ApprovalId, DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import type { Stage } from '../../domain/phases.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import type { ApiStand, Reply } from './api.ts';
import { completeDeployment, deployBody, readyEnvironment } from './api-states.ts';

/** The path parameters that a world has a value for. */
export const WORLD_IDS = [
  'environmentId',
  'deploymentId',
  'configurationId',
  'operationId',
  'policyId',
  'secretBindingId',
  'serviceId',
  'approvalId',
] as const;
export type WorldId = (typeof WORLD_IDS)[number];

export interface World {
  stand: ApiStand;
  key: EnvironmentKey;
  stage: Stage;
  ids: Record<WorldId, string>;
  /** A deployment that commands fit, where a test has made one: only one is at work at a time. */
  onItsWay?: string;
}

/** The service that runs in every world; a query by it names the environment too. */
const SERVICE_ID = 'module-reservations-api';
/** The secret that is in every world's vault. */
export const SECRET = 'api-key';

export const SCALING = {
  target: 'aks',
  metric: 'cpu',
  minReplicas: 1,
  maxReplicas: 2,
  targetUtilizationPercent: 65,
  scaleToZero: false,
};

/** Two deployments have been completed, so that there is something to go back to; the ids are those of the second. */
export async function openWorld(
  stand: ApiStand,
  { tenantId = 'connectsoft', stage = 'prod' as Stage } = {},
): Promise<World> {
  const key = await readyEnvironment(stand, { tenantId, stage });
  const { environmentId } = key;
  await fillVault(stand, key);
  const post = async (path: string, body: unknown): Promise<Reply> => {
    const reply = await stand.call('POST', `/v1/runtime/${path}`, { body, token: { tenant: tenantId } });
    if (reply.status >= 300) throw new Error(`the world has no ${path}: ${JSON.stringify(reply.body)}`);
    return reply;
  };
  const deploy = async (): Promise<Reply> => {
    const reply = await post('deployments', deployBody(environmentId, { tenantId }));
    await completeDeployment(stand.db, key, reply.body.deploymentId as DeploymentId);
    return reply;
  };
  await deploy();
  const deployed = await deploy();
  const of = { environmentId, serviceId: SERVICE_ID };
  const published = await post('configurations', { environmentId });
  const applied = await post('scaling-policies', { ...of, ...SCALING });
  const bound = await post('secret-bindings', { ...of, secrets: [{ name: 'API_KEY', secret: SECRET }] });
  const ids = {
    ...of,
    deploymentId: String(deployed.body.deploymentId),
    operationId: deployed.headers.get('operation-location')?.split('/').at(-1) ?? '',
    configurationId: String(published.body.configurationId),
    policyId: String(applied.body.policyId),
    secretBindingId: String(bound.body.secretBindingId),
    approvalId: await pendingApproval(stand, key),
  };
  return { stand, key, stage, ids };
}

/** Somebody else than the caller has asked for it. */
async function pendingApproval({ db }: ApiStand, key: EnvironmentKey): Promise<ApprovalId> {
  const wanted = { id: newId('apr'), operationId: null, externalId: null, reasons: ['four-eyes'], obligations: [] };
  const by = { requestedBySubject: 'somebody-else', requestedByClient: 'another-client' };
  const plan = { action: 'deployments.create', planHash: '0'.repeat(64), traceId: 'trace-1' } as const;
  const expiresAt = new Date(Date.now() + 3_600_000);
  const row = await db.forTenant(key.tenantId, (tx) =>
    insertApproval(tx, { ...key, ...wanted, ...by, ...plan, expiresAt }),
  );
  return row.id;
}

/** What the environment's stack and an operator would have done. */
async function fillVault({ config: { home }, db }: ApiStand, key: EnvironmentKey): Promise<void> {
  const vault = localVault({ folder: join(home, 'vault'), keyFile: join(home, 'vault.key') });
  await vault.ensureNamespace(key.environmentId);
  await vault.put(key.environmentId, SECRET, 'a value that no answer may hold', 'op-1');
  await db.forTenant(key.tenantId, (tx) => setOutputs(tx, key, { vaultNamespace: key.environmentId }));
}
