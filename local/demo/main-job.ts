/** The main job, step by step against a running platform: provision, deploy behind the gate, update under load, refuse a bad release. */
import { setTimeout as delay } from 'node:timers/promises';
import { startLoad, type LoadReport } from './load.ts';
import type { Answer, RestClient } from './rest-client.ts';
import type { DeploymentView, EnvironmentView } from './views.ts';

export interface MainJob {
  rest: RestClient;
  tenantId: string;
  say(line: string): void;
}

export interface MainJobResult {
  environment: EnvironmentView;
  deployments: DeploymentView[];
  load: LoadReport;
}

/** The demo is not to take minutes: a short window and a short deadline, everything else as it is. */
const ROLLOUT = { minHealthySeconds: 2, healthyDeadlineSeconds: 10 };
const LOOK_MS = 200;
const LIMIT_MS = 180_000;

/** Runs the whole job. @throws Error with one sentence when a step does not end as it should. */
export async function runMainJob(job: MainJob): Promise<MainJobResult> {
  const environmentId = await timed(job, 'Provision booking-prod-weu (Pulumi brings its stack up)', () =>
    provision(job),
  );
  const configurationId = await timed(job, 'Publish a configuration', () => publish(job, environmentId));
  const deployAt = (release: string, version: string) =>
    deploy(job, { environmentId, configurationId, release, version });

  const first = await timed(job, 'Deploy release-2026.6.10 (both components at 1.4.1)', () =>
    deployAt('release-2026.6.10', '1.4.1'),
  );
  expectStatus(first, 'Completed');
  const endpoint = await endpointOf(job, environmentId, 'module-reservations-api');

  job.say(`Requests go to ${endpoint} without pause from here on.`);
  const load = startLoad(endpoint);
  const second = await timed(job, 'Deploy release-2026.6.11 (1.4.2) under load', () =>
    deployAt('release-2026.6.11', '1.4.2'),
  );
  expectStatus(second, 'Completed');
  const third = await timed(job, 'Deploy release-2026.6.12 (1.5.0, which never gets healthy)', () =>
    deployAt('release-2026.6.12', '1.5.0'),
  );
  const report = await load.stop();
  expectStatus(third, 'RolledBack');
  if (report.failures.length > 0)
    throw new Error(`${report.failures.length} requests failed, e.g. ${report.failures[0]}`);
  if (report.versions['1.5.0']) throw new Error('Traffic reached 1.5.0, which never was healthy.');

  const { body: environment } = await job.rest.get<EnvironmentView>(`/v1/runtime/environments/${environmentId}`);
  return { environment, deployments: [first, second, third], load: report };
}

async function provision({ rest, tenantId, say }: MainJob): Promise<string> {
  const answer = await rest.post<EnvironmentView>('/v1/runtime/environments', {
    tenantId,
    projectId: 'proj-booking-saas',
    name: 'booking-prod-weu',
    stage: 'prod',
    region: 'westeurope',
    isolationModel: 'silo',
    computeTargets: ['aks', 'container-apps', 'functions', 'app-service'],
  });
  const { environmentId } = expectAccepted(answer, 202);
  say(`  202 ${environmentId}, ${answer.headers.get('location') ?? ''}`);
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; await delay(LOOK_MS)) {
    const { body } = await rest.get<EnvironmentView>(`/v1/runtime/environments/${environmentId}`);
    if (body.status === 'Ready') return environmentId;
    if (body.status !== 'Provisioning') throw new Error(`The environment is ${body.status}.`);
  }
  throw new Error(`The environment was not ready within ${LIMIT_MS / 1000} s.`);
}

async function publish({ rest, tenantId, say }: MainJob, environmentId: string): Promise<string> {
  const answer = await rest.post<{ configurationId: string; version: number; hash: string }>(
    '/v1/runtime/configurations',
    {
      tenantId,
      environmentId,
      values: { BOOKING_CURRENCY: 'EUR', LOG_LEVEL: 'info' },
      files: { 'features.json': '{"waitingList":true}' },
    },
  );
  const { configurationId, version, hash } = expectAccepted(answer, 201);
  say(`  201 ${configurationId}, version ${version}, ${hash.slice(0, 12)}…`);
  return configurationId;
}

interface Release {
  environmentId: string;
  configurationId: string;
  release: string;
  version: string;
}

async function deploy(
  job: MainJob,
  { environmentId, configurationId, release, version }: Release,
): Promise<DeploymentView> {
  const { rest, tenantId, say } = job;
  const answer = await rest.post<DeploymentView>('/v1/runtime/deployments', {
    tenantId,
    environmentId,
    releaseRef: release,
    components: [
      {
        moduleId: 'module-reservations-api',
        image: `acr.azurecr.io/reservations-api:${version}`,
        target: 'aks',
        replicas: 2,
      },
      {
        moduleId: 'module-billing-worker',
        image: `acr.azurecr.io/billing-worker:${version}`,
        target: 'container-apps',
      },
    ],
    configurationId,
    strategy: 'RollingHealthGated',
    rollout: ROLLOUT,
  });
  const { deploymentId } = expectAccepted(answer, 202);
  say(`  202 ${deploymentId}`);
  return await follow(job, deploymentId);
}

/** Tells every change of the deployment and of its components until it has ended. */
async function follow({ rest, say }: MainJob, deploymentId: string): Promise<DeploymentView> {
  const told = new Map<string, string>();
  const tell = (key: string, line: string) => {
    if (told.get(key) !== line) say(line);
    told.set(key, line);
  };
  for (const deadline = Date.now() + LIMIT_MS; Date.now() < deadline; await delay(LOOK_MS)) {
    const { body } = await rest.get<DeploymentView>(`/v1/runtime/deployments/${deploymentId}`);
    tell('', `  ${body.status}`);
    for (const { moduleId, status, reason } of body.components) {
      tell(moduleId, `    ${moduleId.padEnd(24)} ${status.padEnd(12)} ${reason ?? ''}`);
    }
    if (body.endedAt === null) continue;
    if (body.failure) tellFailure(say, body.failure);
    return body;
  }
  throw new Error(`${deploymentId} had not ended within ${LIMIT_MS / 1000} s.`);
}

function tellFailure(say: MainJob['say'], failure: NonNullable<DeploymentView['failure']>): void {
  say(`  ${failure.code}: ${failure.message}`);
  if (failure.evidence) say(`    the probe saw: ${failure.evidence}`);
  for (const line of failure.lastLogLines ?? []) say(`    its log: ${line}`);
}

async function endpointOf({ rest }: MainJob, environmentId: string, serviceId: string): Promise<string> {
  const { body } = await rest.get<EnvironmentView>(`/v1/runtime/environments/${environmentId}`);
  const endpoint = body.inventory.services.find((service) => service.serviceId === serviceId)?.endpoint;
  if (!endpoint) throw new Error(`${serviceId} has no endpoint.`);
  return endpoint;
}

function expectAccepted<T>(answer: Answer<T>, status: number): T {
  if (answer.status !== status)
    throw new Error(`Expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

function expectStatus(deployment: DeploymentView, status: string): void {
  if (deployment.status !== status)
    throw new Error(`${deployment.releaseRef} ended ${deployment.status}, not ${status}.`);
}

async function timed<T>({ say }: MainJob, title: string, work: () => Promise<T>): Promise<T> {
  say(`▸ ${title}`);
  const began = Date.now();
  const result = await work();
  say(`  ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return result;
}
