/** `GET /runtime/deployments/{deploymentId}`, as it goes, without its history. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  ComponentStatus,
  DeploymentStatus,
  ProbeStatus,
  RuntimeDeployments,
  WaitingKind,
  type ComponentSchema,
  type DeploymentSchema,
  type FailureSchema,
} from '../../proto/gen/slipway/runtime/v1/runtime_deployments_pb.js';
import type { DeploymentProgress } from '../runtime/deployments/progress.ts';
import { watchDeployment } from '../runtime/deployments/watch.ts';
import type { GrpcMethod } from './method.ts';
import { serverStream } from './server-stream.ts';
import { timestampOf, valueOf } from './words.ts';

const { watchDeployment: watch } = RuntimeDeployments.method;

export const deploymentMethods: GrpcMethod[] = [
  serverStream<DeploymentProgress, typeof watch>(watch, {
    endpoint: watchDeployment,
    toInput: ({ deploymentId, tenantId }) => ({ params: { deploymentId }, tenantId }),
    toResponse: (progress) => ({ deployment: toDeployment(progress) }),
  }),
];

function toDeployment(progress: DeploymentProgress): MessageInitShape<typeof DeploymentSchema> {
  const { deploymentId, environmentId, operationId, status, releaseRef, components, waitingOn, failure } = progress;
  return {
    ...{ deploymentId, environmentId, operationId, releaseRef },
    status: valueOf(DeploymentStatus, status),
    components: components.map(toComponent),
    ...(waitingOn && {
      waitingOn: {
        ...waitingOn,
        kind: valueOf(WaitingKind, waitingOn.kind),
        since: timestampOf(waitingOn.since),
        failure: toFailure(waitingOn.failure),
      },
    }),
    failure: toFailure(failure),
    deadlineAt: timestampOf(progress.deadlineAt),
    createdAt: timestampOf(progress.createdAt),
    startedAt: timestampOf(progress.startedAt),
    endedAt: timestampOf(progress.endedAt),
    traceId: progress.traceId,
  };
}

function toComponent(component: DeploymentProgress['components'][number]): MessageInitShape<typeof ComponentSchema> {
  const { moduleId, image, status, replicasReady, replicasWanted, trafficPercent, reason, failure } = component;
  return {
    ...{ moduleId, replicasReady, trafficPercent },
    image: image ?? '',
    status: valueOf(ComponentStatus, status),
    ...(replicasWanted !== null && { replicasWanted }),
    reason: reason ?? '',
    failure: toFailure(failure),
  };
}

function toFailure(
  failure: DeploymentProgress['failure'] | undefined,
): MessageInitShape<typeof FailureSchema> | undefined {
  if (!failure) return undefined;
  const { probes = [], ...its } = failure;
  const looks = probes.map(({ at, status, ...look }) => {
    return { ...look, at: timestampOf(at), status: valueOf(ProbeStatus, status) };
  });
  return { ...its, probes: looks };
}
