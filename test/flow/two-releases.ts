/** An environment with a release that runs, and another one that differs from it in everything that a release can say. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { ImageStore } from '../../local/supervisor/images/image-store.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { weightsOf } from '../_support/environment-picture.ts';
import { API, WORKER, type Component } from '../_support/operator.ts';
import type { Stage, Way } from './steps.ts';

/** Comes with the new release. */
const MAILER = 'module-mailer';

const SAMPLES = join(import.meta.dirname, '..', '..', 'samples');
const ENTRYPOINTS = { 'reservations-api': 'server.mjs', 'billing-worker': 'worker.mjs' };
const API_IMAGE = 'acr.azurecr.io/reservations-api:stable';
const WORKER_IMAGE = 'acr.azurecr.io/billing-worker:stable';

export interface TwoReleases {
  /** What the next deployment says is there from now on: its tags, its configuration, its version of the secret. */
  publish(version: string): Promise<void>;
  /** The old one, over an older one that it can be rolled back to. @returns its deployment */
  deployOld(): Promise<string>;
  /** Makes four replicas of the API of three. @returns the deployment that does it */
  applyNewPolicy(): Promise<string>;
  /** Its API depends on the stage's database. */
  deployNew(way?: Way): Promise<string>;
  /** The percent of the API's traffic that is not with the revision of these processes. */
  shareBeside(processes: Record<string, number>): number;
}

export function twoReleases({ platform, operator, environmentId, database }: Stage): TwoReleases {
  let configurationId: string | undefined;

  /** Tags move on: what one named before is known by its digest alone. */
  async function moveTags(version: string): Promise<void> {
    const images = new ImageStore(join(platform.home, 'images'));
    for (const [name, script] of Object.entries(ENTRYPOINTS)) {
      const config = { entrypoint: ['node', script], env: { APP_VERSION: version, NEEDS_SCHEMA: '41' } };
      const reference = `acr.azurecr.io/${name}:stable`;
      await images.importImage({ reference, source: join(SAMPLES, name), config });
    }
  }

  async function post<T>(path: string, body: object): Promise<T> {
    const answer = await operator.rest.post<T>(`/v1/runtime/${path}`, { environmentId, ...body });
    expect(answer.status, path).toBeLessThan(300);
    return answer.body;
  }

  async function publish(version: string): Promise<void> {
    await moveTags(version);
    const files = { 'app/settings.json': `{ "of": "${version}" }` };
    const published = await post<{ configurationId: string }>('configurations', {
      values: { RELEASE: version },
      files,
    });
    configurationId = published.configurationId;
    const vault = localVault({ folder: join(platform.home, 'vault'), keyFile: join(platform.home, 'vault.key') });
    await vault.put(environmentId, 'api-key', `the key of ${version}`, version);
    await post('secret-bindings', { serviceId: API, secrets: [{ name: 'API_KEY', secret: 'api-key' }] });
  }

  const applyPolicy = async (minReplicas: number, maxReplicas: number) =>
    await post<{ deploymentId?: string }>('scaling-policies', {
      ...{ serviceId: API, target: 'aks', metric: 'cpu', minReplicas, maxReplicas },
      ...{ targetUtilizationPercent: 65, scaleToZero: false },
    });

  async function complete(version: string, replicas: number): Promise<string> {
    const rollout = { maxParallel: 3 };
    const components = oldComponents(version, replicas);
    const id = await operator.deploy({ environmentId, version, components, configurationId, rollout });
    expect(await operator.ended(id)).toMatchObject({ status: 'Completed', failure: null });
    return id;
  }

  return {
    publish,
    async deployOld() {
      await complete('older', 1);
      await publish('old');
      await applyPolicy(1, 3);
      return await complete('old', 3);
    },
    applyNewPolicy: async () => (await applyPolicy(4, 4)).deploymentId ?? '',
    deployNew: async ({ sick, strategy, ...rollout } = {}) =>
      await operator.deploy({
        ...{ environmentId, version: 'new', configurationId, strategy },
        components: newComponents(database.port, sick),
        rollout: { maxParallel: 4, healthyDeadlineSeconds: 60, ...rollout },
      }),
    shareBeside(processes) {
      const weights = Object.entries(weightsOf(platform, environmentId, API));
      return weights.reduce((sum, [revision, weight]) => (`${API}-${revision}-0` in processes ? sum : sum + weight), 0);
    },
  };
}

const oldComponents = (version: string, replicas: number): Component[] => [
  { moduleId: API, image: API_IMAGE, target: 'aks', replicas, env: { FEATURE: version } },
  { moduleId: WORKER, image: WORKER_IMAGE, target: 'container-apps', dependsOn: [API] },
];

function newComponents(databasePort: number, sick?: string): Component[] {
  const database = { SQL_ADDRESS: `127.0.0.1:${databasePort}` };
  const components: Component[] = [
    // Four, by its policy.
    { moduleId: API, image: API_IMAGE, target: 'app-service', replicas: 1, env: database },
    { moduleId: WORKER, image: WORKER_IMAGE, target: 'functions', replicas: 2, dependsOn: [API] },
    { moduleId: MAILER, image: API_IMAGE, target: 'aks' },
  ];
  return components.map(({ env, ...component }) => ({
    ...component,
    env: { ...env, FEATURE: 'new', ...(component.moduleId === sick && { DATABASE_SCHEMA: '40' }) },
  }));
}
