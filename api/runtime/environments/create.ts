import { findEnvironmentByName, insertEnvironment } from '../../../db/environments.ts';
import { newId } from '../../../db/new-id.ts';
import { acceptOperation } from '../../../db/operations.ts';
import { serializeOn } from '../../../db/requests.ts';
import { PlatformError } from '../../../domain/errors.ts';
import { mutation } from '../../endpoint.ts';
import { environmentPath, operationPath } from '../../paths.ts';
import { provisionAnswer, provisionBody } from '../../shapes/environment.ts';

/** How long making an environment may take, and how much of that is kept for taking a half-made one away. */
const BUDGET_SECONDS = 600;
const RESERVE_SECONDS = 120;

export const createEnvironment = mutation({
  route: '/runtime/environments',
  scope: 'runtime.environments.write',
  summary: 'Provision a new runtime environment',
  refuses: ['EnvironmentExists'],
  input: { body: provisionBody },
  output: { 202: provisionAnswer },
  governed: {
    action: 'environments.provision',
    waits: true,
    question: (_tx, _caller, { body }) => {
      const { tenantId: _stated, expiresAt, ...rest } = body;
      // What was asked for before there was such a field keeps its hash.
      const intent = { ...rest, ...(expiresAt && { expiresAt: expiresAt.toISOString() }) };
      const { stage, region, projectId, name, isolationModel } = body;
      return Promise.resolve({ stage, intent, facts: { region, projectId, name, isolationModel } });
    },
  },
  async run(tx, caller, { body }) {
    const { tenantId, traceId } = caller;
    await serializeOn(tx, 'environment', tenantId, body.name);
    const holder = await findEnvironmentByName(tx, tenantId, body.name);
    if (holder) {
      throw new PlatformError('EnvironmentExists', `There is an environment named ${body.name}.`, {
        details: { environmentId: holder.id },
      });
    }
    const key = { tenantId, environmentId: newId('env') };
    const environment = await insertEnvironment(tx, {
      ...body,
      tenantId,
      id: key.environmentId,
      pulumiStackRef: body.name,
      expiresAt: body.expiresAt ?? null,
      traceId,
    });
    const operation = await acceptOperation(tx, {
      ...key,
      id: newId('op'),
      kind: 'provision',
      budgetSeconds: BUDGET_SECONDS,
      reserveSeconds: RESERVE_SECONDS,
      traceId,
    });
    return {
      status: 202 as const,
      headers: { location: environmentPath(environment.id), 'operation-location': operationPath(operation.id) },
      body: {
        environmentId: environment.id,
        status: 'Provisioning' as const,
        traceId,
        pulumiStackRef: environment.pulumiStackRef,
      },
      environmentId: environment.id,
      operation: { id: operation.id, key },
    };
  },
});
