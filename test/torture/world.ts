/** What the runners share: a platform, somebody who calls it, and looks at what is there past every row of ours. */
import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { EnvironmentId } from '../../domain/ids.ts';
import type { Answer } from '../../local/demo/rest-client.ts';
import type { ComputeTarget } from '../../providers/compute/port.ts';
import { processCompute } from '../../providers/compute/process.ts';
import { importJournalImage } from '../_support/journal.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform, type TestPlatformOptions } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

export const TENANT = 'connectsoft';

export interface World extends AsyncDisposable {
  platform: TestPlatform;
  operator: Operator;
  client: Client;
  compute: ComputeTarget;
  /** Accepted; its operation. @throws what else was answered */
  post(path: string, body?: unknown): Promise<Accepted>;
  operation(operationId: string): Promise<OperationView>;
  ended(operationId: string, timeoutMs: number): Promise<OperationView>;
  /** Resolves when the environment's lane has nothing left to do. */
  idle(environmentId: string, timeoutMs: number): Promise<void>;
}

export interface Accepted {
  operationId: string;
  body: Record<string, string>;
}

export interface OperationView {
  operationId: string;
  environmentId: string;
  kind: string;
  status: string;
  phase: string;
  failure: { code: string; message: string } | null;
  deadlineAt: string;
  acceptedAt: string;
  endedAt: string | null;
}

export async function openWorld(options: TestPlatformOptions = {}): Promise<World> {
  const platform = await openTestPlatform(options);
  const operator = await openOperator(platform, TENANT);
  const { supervisorUrl, proxyUrl, adminTokenFile, temporal } = platform.config;
  const { client, connection } = openTemporal(temporal);
  await importJournalImage(platform.home);
  const operation = async (id: string) => (await operator.rest.get<OperationView>(`/v1/runtime/operations/${id}`)).body;
  return {
    ...{ platform, operator, client, operation },
    compute: processCompute({ supervisorUrl, proxyUrl, token: readFileSync(adminTokenFile, 'utf8').trim() }),
    async post(path, body = {}) {
      const answer = await operator.rest.post<Record<string, string>>(path, body);
      if (answer.status !== 202) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return { operationId: operationOf(answer), body: answer.body };
    },
    ended: (id, timeoutMs) =>
      until(
        async () => {
          const now = await operation(id);
          return now.endedAt ? now : null;
        },
        { what: `${id} to end`, timeoutMs, everyMs: 200 },
      ),
    async idle(environmentId, timeoutMs) {
      const lane = client.workflow.getHandle(`lane/${environmentId}`);
      const isIdle = async () => (await lane.describe()).status.name !== 'RUNNING';
      await until(isIdle, { what: `the lane of ${environmentId} to be idle`, timeoutMs, everyMs: 200 });
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await platform[Symbol.asyncDispose]();
    },
  };
}

export function operationOf({ headers }: Pick<Answer, 'headers'>): string {
  return headers.get('operation-location')?.split('/').at(-1) ?? '';
}

export const environmentBody = (name: string) => ({
  ...{ projectId: 'proj-booking-saas', name, stage: 'dev', region: 'westeurope' },
  ...{ isolationModel: 'pool', computeTargets: ['aks'] },
});

/** Clocks that let a release through as soon as its replicas have answered three times. */
export const QUICK = { minHealthySeconds: 0, healthyDeadlineSeconds: 60 };

export const keyOf = (environmentId: string) => ({ tenantId: TENANT, environmentId: environmentId as EnvironmentId });
