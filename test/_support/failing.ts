/** Releases of a workload that fails as it is told to, and why they failed, as every surface tells it. */
import { join } from 'node:path';
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { expect } from 'vitest';
import type { Failure } from '../../domain/failures.ts';
import type { DeploymentView } from '../../local/demo/views.ts';
import { ImageStore } from '../../local/supervisor/images/image-store.ts';
import {
  ProbeStatus,
  RuntimeDeployments,
  type Failure as Message,
} from '../../proto/gen/slipway/runtime/v1/runtime_deployments_pb.js';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import { openGrpcClient } from './grpc.ts';
import type { Component, Operator } from './operator.ts';
import type { TestPlatform } from './platform.ts';

export const FAILING = 'module-failing';
const IMAGE = 'acr.azurecr.io/failing:1.0.0';

export async function importFailingImage(home: string): Promise<void> {
  await new ImageStore(join(home, 'images')).importImage({
    reference: IMAGE,
    source: join(import.meta.dirname, 'images', 'failing'),
    config: { entrypoint: ['node', 'server.mjs'], env: {} },
  });
}

/** `fails` left out: it does not. */
export interface Ways {
  fails?: 'ends' | 'is-ended' | 'is-deaf' | 'is-sick';
  /** Only its replicas from this ordinal on do. */
  from?: number;
  /** A file: from when it is there on, whatever is started ends. */
  endsOnceThere?: string;
  /** What it says, and answers. */
  text?: string;
  replicas?: number;
}

export function failingComponent(ways: Ways = {}): Component {
  const { fails, from = 0, endsOnceThere, text = 'no schema', replicas = 1 } = ways;
  const ends = endsOnceThere && { ENDS_ONCE_THERE: endsOnceThere };
  const env = { TEXT: JSON.stringify(text), ...(fails && { FAILS: fails, FROM: String(from) }), ...ends };
  return { moduleId: FAILING, image: IMAGE, target: 'aks', replicas, env };
}

export interface Surfaces {
  platform: TestPlatform;
  operator: Operator;
  client: Client;
}

/** What a deployment failed of; REST, the event that ended it, Temporal and gRPC have to say the same. */
export async function toldAlike({ platform, operator, client }: Surfaces, ended: DeploymentView): Promise<Failure> {
  const { deploymentId, operationId, traceId, failure, history } = ended;
  if (!failure) throw new Error(`${deploymentId} has not failed: ${ended.status}`);
  expect(failure.traceId).toBe(traceId);
  const operation = await operator.rest.get<{ failure: Failure }>(`/v1/runtime/operations/${operationId}`);
  expect(operation.body.failure).toEqual(failure);
  const last = history.find(({ type }) => type === 'deploy.ended') as unknown as { failure: Failure };
  expect(last.failure).toEqual(failure);
  const { deployment } = await watched(platform, deploymentId);
  expect(deployment?.traceId).toBe(traceId);
  expect(deployment?.failure && asRest(deployment.failure)).toEqual(failure);
  expect(await failureOfWorkflow(client, operationId)).toEqual(failure);
  return failure;
}

/** The details of what a workflow has failed of. */
export async function failureOfWorkflow(client: Client, workflowId: string): Promise<Failure> {
  const cause = await client.workflow
    .getHandle(workflowId)
    .result()
    .then(
      () => undefined,
      (error: unknown) => (error instanceof WorkflowFailedError ? error.cause : undefined),
    );
  if (!(cause instanceof ApplicationFailure)) throw new Error(`${workflowId} has not failed on purpose`);
  const [failure] = cause.details as [Failure];
  expect(cause.type).toBe(failure.code);
  return failure;
}

async function watched({ config, home }: TestPlatform, deploymentId: string) {
  const token = await obtainToken({ home, issuer: config.oidc.issuer, tenant: 'connectsoft' });
  using grpc = openGrpcClient(config.ports.grpc);
  const watch = RuntimeDeployments.method.watchDeployment;
  using reading = grpc.read(watch, { deploymentId }, { authorization: `Bearer ${token}` });
  await reading.ended;
  const last = reading.messages.at(-1);
  if (!last) throw new Error(`nothing was told of ${deploymentId}`);
  return last;
}

const STATUSES = {
  [ProbeStatus.UNSPECIFIED]: undefined,
  [ProbeStatus.HEALTHY]: 'healthy',
  [ProbeStatus.UNHEALTHY]: 'unhealthy',
  [ProbeStatus.NO_DATA]: 'noData',
};

/** What is empty is left out over REST. */
function asRest({ $typeName: _type, $unknown: _unknown, probes, ...its }: Message): unknown {
  const looks = probes.map(({ $typeName: _t, $unknown: _u, at, status, ...look }) => {
    return { ...look, at: at && timestampDate(at).toISOString(), status: STATUSES[status] };
  });
  const told = Object.entries({ ...its, probes: looks }).filter(
    ([, value]) => typeof value === 'number' || value.length > 0,
  );
  return Object.fromEntries(told);
}
