/** What the demo reads of the API's answers. */
import type { Failure } from '../../domain/failures.ts';

export interface EnvironmentView {
  environmentId: string;
  status: string;
  pulumiStackRef: string;
  inventory: {
    services: { serviceId: string; image: string; replicas: number; endpoint: string | null }[];
    deploymentId: string | null;
    configurationId: string | null;
    revision: number;
  };
}

export interface ComponentView {
  moduleId: string;
  action: string;
  status: string;
  replicasReady: number;
  reason: string | null;
  failure: Failure | null;
}

export interface DeploymentView {
  deploymentId: string;
  operationId: string;
  status: string;
  releaseRef: string;
  failure: Failure | null;
  components: ComponentView[];
  history: { at: string; type: string; phase?: string }[];
  waitingOn: { kind: string; reference: string } | null;
  stepsPassed: number;
  step: number | null;
  rollbackOf: string | null;
  traceId: string;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
}
