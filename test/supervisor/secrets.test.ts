/** How a workload gets its secrets: at every start, from the vault, and by no file. */
import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localVault } from '../../providers/secrets/local-vault.ts';
import type { SecretRef, SecretStore } from '../../providers/secrets/port.ts';
import { HTTP_HEALTH, startComputePlatform, WORKLOAD, type ComputePlatform } from '../_support/compute-platform.ts';
import { failingComponent, importFailingImage } from '../_support/failing.ts';
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
  const linesOf = async (revision: string) => {
    const lines: string[] = [];
    const options = { revision, tail: 10, follow: false, signal: new AbortController().signal };
    for await (const { line } of platform.compute.logs(WORKLOAD, options)) lines.push(line);
    return lines;
  };
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

  test('is in nothing that it says itself, and that is not told at all once the value cannot be known', async () => {
    const shown = await vault.put(NAMESPACE, 'shown', `${CANARY}-shown`, 'op-3');
    const failing = { fails: 'is-sick', text: 'the key is ' } as const;
    await importFailingImage(platform.home);
    const { image, env } = failingComponent(failing);
    const secrets = [{ name: 'API_KEY', ref: shown }];
    await platform.compute.ensure(await platform.spec({ revision: 'telling', image, env, secrets }), 1);
    const look = async () => {
      const [replica] = (await platform.compute.instances(WORKLOAD)).filter(({ revision }) => revision === 'telling');
      if (!replica) throw new Error('there is no replica');
      return (await platform.compute.health(replica, HTTP_HEALTH)).evidence;
    };
    await until(async () => (await look()) === 'GET /healthz answered 503: the key is [redacted]', {
      what: 'an answer without the value',
    });
    expect(await linesOf('telling')).toEqual(['about to fail: is-sick', 'the key is [redacted]']);
    await rm(join(platform.home, 'vault', NAMESPACE, 'shown', `${shown.version}.json`));
    expect(await look()).toMatch(/^GET \/healthz answered 503: \[not told: /);
    expect(await linesOf('telling')).toEqual([
      expect.stringContaining('not told'),
      expect.stringContaining('not told'),
    ]);
    await platform.compute.retire(WORKLOAD, 'telling', 1);
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
    // Beside what a workload says, where its people look.
    expect((await linesOf('unopened'))[0]).toMatch(/^slipway: BROKEN cannot be fetched from the vault: .*NUL/);
    expect(platform.state('unopened', 0)).toMatchObject({ workload: null, startedAtMs: 0 });
    expect(filesWith(platform.home, CANARY)).toEqual([]);
    await platform.compute.retire(WORKLOAD, 'unopened', 1);
  });

  test.each(['PORT', 'SLIPWAY_INSTANCE', 'A=B'])('is not taken under the name %s', async (name) => {
    await expect(platform.compute.ensure(await specWith('named', [{ name, ref }]), 1)).rejects.toThrow();
  });
});
