import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type RunningApi } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

let stand: ApiStand;
let tables: TenantTables;
let key: EnvironmentKey;
/** Takes images of two registries. */
let strict: RunningApi;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
  key = await readyEnvironment(stand);
  strict = await stand.start({ imageRegistries: new Set(['acr.azurecr.io', 'localhost:5000']) });
});
afterAll(async () => {
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

const withImages = (...images: string[]) => {
  const [component] = deployBody('').components;
  const components = images.map((image, index) => ({ ...component, moduleId: `module-${index}`, image }));
  return deployBody(key.environmentId, { components });
};
const deploy = (body: unknown, { api, query = '' }: { api?: RunningApi; query?: string } = {}) =>
  stand.call('POST', `/v1/runtime/deployments${query}`, { body, api });

const STRANGE = [
  'evil.example.org/reservations-api:1.4.2',
  'reservations-api:1.4.2',
  'library/reservations-api',
  'acr.azurecr.io.example.org/reservations-api:1.4.2',
  'xacr.azurecr.io/reservations-api:1.4.2',
  'acr.azurecr.io:8443/reservations-api:1.4.2',
  'localhost/reservations-api',
  'evil.example.org/acr.azurecr.io/reservations-api:1.4.2',
];

describe('where registries are listed', () => {
  it.each(STRANGE)('%s is refused where it stands, for real and in a dry run, and nothing happens', async (image) => {
    const before = await tables.digest();
    for (const query of ['', '?dryRun=true']) {
      const body = withImages('acr.azurecr.io/reservations-api:1.4.2', image);
      const reply = await deploy(body, { api: strict, query });
      expect(reply.body).toMatchObject({
        status: 400,
        code: 'RegistryNotAllowed',
        detail: 'Images come from acr.azurecr.io, localhost:5000.',
        errors: [{ pointer: '/components/1/image' }],
      });
    }
    expect(await tables.digest()).toBe(before);
  });

  it('every image from elsewhere is pointed at', async () => {
    const { body } = await deploy(withImages(STRANGE[0] ?? '', 'acr.azurecr.io/a', STRANGE[1] ?? ''), { api: strict });
    expect(body.errors).toEqual([
      { pointer: '/components/0/image', message: 'comes from evil.example.org' },
      { pointer: '/components/2/image', message: 'comes from docker.io' },
    ]);
  });

  it('an image of one of them is taken, in whatever letters its host is written', async () => {
    const body = withImages('acr.azurecr.io/a:1', 'ACR.AzureCR.io/a:1', 'localhost:5000/a/b:1');
    expect((await deploy(body, { api: strict })).status).toBe(202);
  });
});

describe('what ran before the list', () => {
  it('is not promoted any more, but can be gone back to', async () => {
    const source = await readyEnvironment(stand);
    const deployed = async (image: string) => {
      const [component] = deployBody('').components;
      const body = deployBody(source.environmentId, { components: [{ ...component, image }] });
      const { deploymentId } = (await deploy(body)).body;
      await completeDeployment(stand.db, source, deploymentId as DeploymentId);
      return String(deploymentId);
    };
    const first = await deployed('old.example.org/reservations-api:1.4.1');
    const second = await deployed('acr.azurecr.io/reservations-api:1.4.2');
    const promotion = { environmentId: key.environmentId, fromDeploymentId: first };
    expect((await deploy(promotion, { api: strict })).body).toMatchObject({
      status: 400,
      code: 'RegistryNotAllowed',
      errors: [{ pointer: '/fromDeploymentId', message: 'module-reservations-api comes from old.example.org' }],
    });
    const path = `/v1/runtime/deployments/${second}/rollback`;
    expect((await stand.call('POST', path, { api: strict })).status).toBe(202);
  });
});

describe('where no registries are listed', () => {
  it('any is good', async () => {
    expect((await deploy(withImages(...STRANGE))).status).toBe(202);
  });
});
