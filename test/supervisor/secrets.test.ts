/** How a workload gets its secrets: at every start, from the vault, and by no file. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localVault } from '../../providers/secrets/local-vault.ts';
import type { SecretRef, SecretStore } from '../../providers/secrets/port.ts';
import { startComputePlatform, WORKLOAD, type ComputePlatform } from '../_support/compute-platform.ts';
import { filesWith } from '../_support/find-text.ts';
import { until } from '../_support/until.ts';
import { allHealthy } from './serving.ts';

const CANARY = `canary-${randomBytes(16).toString('hex')}`;
const NAMESPACE = WORKLOAD.environmentId;

describe('a secret of a workload', { timeout: 120_000 }, () => {
  let platform: ComputePlatform;
  let vault: SecretStore;
  let ref: SecretRef;
  beforeAll(async () => {
    platform = await startComputePlatform();
    vault = localVault({ folder: join(platform.home, 'vault'), keyFile: join(platform.home, 'vault.key') });
    await vault.ensureNamespace(NAMESPACE);
    ref = await vault.put(NAMESPACE, 'api-key', CANARY, 'op-1');
    await platform.importImage({
      reference: 'local/echo:1.0.0',
      source: join(import.meta.dirname, 'images', 'echo'),
      config: { entrypoint: ['node', 'server.mjs'], env: {} },
    });
  }, 60_000);
  afterAll(async () => await platform.stop(), 60_000);

  const specWith = (revision: string, secrets: { name: string; ref: SecretRef }[]) =>
    platform.spec({ revision, image: 'local/echo:1.0.0', env: { API_KEY: 'plain' }, health: { kind: 'tcp' }, secrets });
  const environmentAt = async (address = '') =>
    (await (await fetch(`http://${address}/env`)).json()) as Record<string, string>;

  test('is in its environment, before what the release says, and in no file', async () => {
    const spec = await specWith('bound', [{ name: 'API_KEY', ref }]);
    await platform.compute.ensure(spec, 1);
    const [instance] = await allHealthy(platform, spec);
    const env = await environmentAt(instance?.address);
    expect(env.API_KEY).toBe(CANARY);
    expect(Object.keys(env).filter((name) => name.includes('VAULT'))).toEqual([]);
    const record = await readFile(join(platform.instanceFolder('bound', 0), 'instance.json'), 'utf8');
    expect(JSON.parse(record)).toMatchObject({ secrets: [{ name: 'API_KEY', ref }] });
    expect(filesWith(platform.home, CANARY)).toEqual([]);
    expect(filesWith(platform.home, ref.version)).not.toEqual([]);
  });

  test('is fetched again when the workload is started again, also while there is no supervisor', async () => {
    await platform.supervisor.signal('SIGKILL');
    const before = platform.state('bound', 0);
    process.kill(before.workload?.pid ?? 0, 'SIGKILL');
    await until(() => platform.state('bound', 0).restarts > before.restarts, { what: 'the workload to be restarted' });
    await platform.supervisor.start();
    const spec = await specWith('bound', [{ name: 'API_KEY', ref }]);
    const [instance] = await allHealthy(platform, spec);
    expect((await environmentAt(instance?.address)).API_KEY).toBe(CANARY);
    expect(filesWith(platform.home, CANARY)).toEqual([]);
  });

  test('that is not in the vault is refused before anything is changed', async () => {
    const before = await platform.compute.instances(WORKLOAD);
    const missing = { ...ref, version: 'f'.repeat(32) };
    const spec = await specWith('missing', [{ name: 'API_KEY', ref: missing }]);
    await expect(platform.compute.ensure(spec, 1)).rejects.toMatchObject({
      failure: { code: 'SecretNotFound' },
    });
    expect(await platform.compute.instances(WORKLOAD)).toEqual(before);
  });

  test('that cannot be opened keeps the workload from starting, and the shim says which', async () => {
    const gone = await vault.put(NAMESPACE, 'nul', `${CANARY}\0`, 'op-2');
    await platform.compute.ensure(await specWith('unopened', [{ name: 'BROKEN', ref: gone }]), 1);
    const log = join(platform.instanceFolder('unopened', 0), 'shim.log');
    const said = await until(
      async () => (await readFile(log, 'utf8')).includes('BROKEN') && (await readFile(log, 'utf8')),
      {
        what: 'the shim to say what is wrong',
      },
    );
    expect(said).toContain('BROKEN cannot be fetched from the vault');
    expect(platform.state('unopened', 0)).toMatchObject({ workload: null, startedAtMs: 0 });
    expect(filesWith(platform.home, CANARY)).toEqual([]);
    await platform.compute.retire(WORKLOAD, 'unopened', 1);
  });

  test.each(['PORT', 'SLIPWAY_INSTANCE', 'A=B'])('is not taken under the name %s', async (name) => {
    await expect(platform.compute.ensure(await specWith('named', [{ name, ref }]), 1)).rejects.toThrow();
  });
});
