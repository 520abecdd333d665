/** What the demo reads of the API's answers. */
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
}

export interface DeploymentView {
  deploymentId: string;
  operationId: string;
  status: string;
  releaseRef: string;
  failure: { code: string; message: string; serviceId?: string; evidence?: string; lastLogLines?: string[] } | null;
  components: ComponentView[];
  history: { at: string; type: string; phase?: string }[];
  waitingOn: { kind: string; reference: string } | null;
  stepsPassed: number;
  step: number | null;
  rollbackOf: string | null;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
}
