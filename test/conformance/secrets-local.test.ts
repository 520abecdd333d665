import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { describeSecretStore } from './secrets.ts';

async function vaultFolder() {
  const root = await mkdtemp(join(tmpdir(), 'slw-vault-'));
  const options = { folder: join(root, 'vault'), keyFile: join(root, 'vault.key') };
  return { root, options, close: async () => await rm(root, { recursive: true, force: true }) };
}

describeSecretStore('local vault', async () => {
  const { options, close } = await vaultFolder();
  return { store: localVault(options), again: () => localVault(options), close };
});

describe('local vault', () => {
  let vault: Awaited<ReturnType<typeof vaultFolder>>;
  beforeAll(async () => (vault = await vaultFolder()));
  afterAll(async () => await vault.close());

  it('is reached before its first namespace as after it, and is not where its folder cannot be one', async () => {
    await expect(localVault({ ...vault.options, folder: join(vault.root, 'none') }).reach()).resolves.toBeDefined();
    await writeFile(join(vault.root, 'a-file'), '');
    await expect(localVault({ ...vault.options, folder: join(vault.root, 'a-file') }).reach()).rejects.toThrow(
      'ENOTDIR',
    );
    await rm(join(vault.root, 'a-file'));
  });

  it('has no value readable on disk, and a key that only its owner reads', async () => {
    const store = localVault(vault.options);
    await store.ensureNamespace('env-disk');
    await store.put('env-disk', 'password', 'correct-horse-battery', 'op-1');
    const files = (await readdir(vault.root, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBe(2);
    for (const file of files) {
      const path = join(file.parentPath, file.name);
      const bytes = await readFile(path);
      expect(bytes.includes('correct-horse-battery')).toBe(false);
      expect(bytes.includes(Buffer.from('correct-horse-battery').toString('base64'))).toBe(false);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
  });

  it('opens no version that was moved to another namespace, secret or version', async () => {
    const store = localVault(vault.options);
    await store.ensureNamespace('env-x');
    const ref = await store.put('env-x', 'password', 'of x', 'op-1');
    const fileOf = (...names: string[]) => join(vault.options.folder, ...names);
    const stolen = fileOf('env-x', 'password', `${ref.version}.json`);
    await cp(fileOf('env-x'), fileOf('env-y'), { recursive: true });
    await mkdir(fileOf('env-x', 'other'));
    await copyFile(stolen, fileOf('env-x', 'other', `${ref.version}.json`));
    await copyFile(stolen, fileOf('env-x', 'password', 'another.json'));
    for (const moved of [
      { ...ref, namespace: 'env-y' },
      { ...ref, name: 'other' },
      { ...ref, version: 'another' },
    ]) {
      await expect(store.read(moved)).rejects.toThrow('cannot be opened');
    }
    expect(await store.read(ref)).toBe('of x');
  });

  it('makes one key when several processes start at once', async () => {
    const fresh = { folder: join(vault.root, 'race'), keyFile: join(vault.root, 'race.key') };
    const stores = Array.from({ length: 6 }, () => localVault(fresh));
    await stores[0]!.ensureNamespace('env-race');
    const refs = await Promise.all(stores.map((store, n) => store.put('env-race', 'name', `v${n}`, `op-${n}`)));
    expect(await Promise.all(refs.map((ref) => localVault(fresh).read(ref)))).toEqual(refs.map((_, n) => `v${n}`));
  });

  it('refuses a key that others may read', async () => {
    const open = { folder: join(vault.root, 'open'), keyFile: join(vault.root, 'open.key') };
    await localVault(open).ensureNamespace('env-open');
    const ref = await localVault(open).put('env-open', 'name', 'value', 'op-1');
    await chmod(open.keyFile, 0o644);
    await expect(localVault(open).read(ref)).rejects.toThrow('can be read by others');
  });
});
