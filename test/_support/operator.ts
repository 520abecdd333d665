/** Somebody who uses a test platform: provisions, deploys and waits for states. */
import { restClient, type RestClient } from '../../local/demo/rest-client.ts';
import type { DeploymentView, EnvironmentView } from '../../local/demo/views.ts';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import type { TestPlatform } from './platform.ts';
import { until } from './until.ts';

export interface Component {
  moduleId: string;
  image: string;
  target: string;
  replicas?: number;
  env?: Record<string, string>;
  dependsOn?: string[];
}

export interface DeployRequest {
  environmentId: string;
  version: string;
  configurationId?: string;
  components?: Component[];
  rollout?: Record<string, unknown>;
  strategy?: string;
  onConflict?: string;
  prune?: boolean;
}

export interface Operator {
  rest: RestClient;
  /** An environment that is ready. */
  provision(name: string): Promise<string>;
  /** Accepted; returns its id. */
  deploy(request: DeployRequest): Promise<string>;
  deployment(deploymentId: string): Promise<DeploymentView>;
  /** Pauses, resumes, promotes or aborts it; returns the status of the answer. */
  command(deploymentId: string, command: string): Promise<number>;
  environment(environmentId: string): Promise<EnvironmentView>;
  /** The deployment once it has ended. */
  ended(deploymentId: string): Promise<DeploymentView>;
  /** Waits until a component's row satisfies the condition. */
  reached(
    deploymentId: string,
    what: string,
    condition: (deployment: DeploymentView) => boolean,
  ): Promise<DeploymentView>;
  endpoint(environmentId: string, serviceId: string): Promise<string>;
}

/** Short windows: the gate is the same, its clocks come from the request. */
export const FAST_ROLLOUT = { minHealthySeconds: 1, healthyDeadlineSeconds: 20 };

export const API = 'module-reservations-api';
export const WORKER = 'module-billing-worker';

export function bothAt(version: string, replicas = 1): Component[] {
  return [
    { moduleId: API, image: `acr.azurecr.io/reservations-api:${version}`, target: 'aks', replicas },
    { moduleId: WORKER, image: `acr.azurecr.io/billing-worker:${version}`, target: 'container-apps' },
  ];
}

export async function openOperator(
  { config, home }: TestPlatform,
  tenant = 'connectsoft',
  ttlSeconds?: number,
): Promise<Operator> {
  const token = await obtainToken({ home, issuer: config.oidc.issuer, tenant, ttlSeconds });
  const rest = restClient(`http://127.0.0.1:${config.ports.rest}`, token);
  const deployment = async (id: string) => (await rest.get<DeploymentView>(`/v1/runtime/deployments/${id}`)).body;
  const environment = async (id: string) => (await rest.get<EnvironmentView>(`/v1/runtime/environments/${id}`)).body;
  const reached: Operator['reached'] = async (id, what, condition) =>
    await until(
      async () => {
        const now = await deployment(id);
        return condition(now) ? now : null;
      },
      { what: `${id} to have ${what}`, timeoutMs: 120_000 },
    );
  return {
    rest,
    deployment,
    environment,
    reached,
    ended: async (id) => await reached(id, 'ended', ({ endedAt }) => typeof endedAt === 'string'),
    async provision(name) {
      const { status, body } = await rest.post<EnvironmentView>('/v1/runtime/environments', {
        tenantId: tenant,
        projectId: 'proj-booking-saas',
        name,
        stage: 'prod',
        region: 'westeurope',
        isolationModel: 'pool',
        computeTargets: ['aks', 'container-apps', 'functions', 'app-service'],
      });
      if (status !== 202) throw new Error(`provision answered ${status}: ${JSON.stringify(body)}`);
      await until(async () => (await environment(body.environmentId)).status === 'Ready', {
        what: `${name} to be ready`,
      });
      return body.environmentId;
    },
    command: async (id, command) => (await rest.post(`/v1/runtime/deployments/${id}/${command}`)).status,
    async deploy({ version, components = bothAt(version), rollout = {}, ...asked }) {
      const { status, body } = await rest.post<DeploymentView>('/v1/runtime/deployments', {
        ...asked,
        releaseRef: `release-${version}`,
        components,
        rollout: { ...FAST_ROLLOUT, ...rollout },
      });
      if (status !== 202) throw new Error(`deploy answered ${status}: ${JSON.stringify(body)}`);
      return body.deploymentId;
    },
    async endpoint(environmentId, serviceId) {
      const { inventory } = await environment(environmentId);
      const endpoint = inventory.services.find((service) => service.serviceId === serviceId)?.endpoint;
      if (!endpoint) throw new Error(`${serviceId} has no endpoint`);
      return endpoint;
    },
  };
}
