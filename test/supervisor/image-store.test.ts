import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ImageStore } from '../../local/supervisor/images/image-store.ts';

describe('the image store', () => {
  let home: string;
  let store: ImageStore;
  const source = () => join(home, 'source');
  const config = { entrypoint: ['node', 'a.mjs'], env: {} };

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'sli-'));
    store = new ImageStore(join(home, 'images'));
    await mkdir(source());
    await writeFile(join(source(), 'a.mjs'), 'one');
  });
  afterEach(async () => await rm(home, { recursive: true, force: true }));

  test('gives equal content one digest and stores it once, also when imported at the same time', async () => {
    const imports = Array.from({ length: 8 }, async (_, index) => {
      return await store.importImage({ reference: `local/app:${index}`, source: source(), config });
    });
    const digests = new Set((await Promise.all(imports)).map(({ digest }) => digest));
    expect(digests.size).toBe(1);
    expect(await readdir(join(home, 'images', 'sha256'))).toHaveLength(1);
    expect((await readdir(join(home, 'images'))).sort()).toEqual(['refs', 'sha256']);
  });

  test('keeps the content of a digest when its reference moves on', async () => {
    const first = await store.importImage({ reference: 'local/app:latest', source: source(), config });
    await writeFile(join(source(), 'a.mjs'), 'two');
    const second = await store.importImage({ reference: 'local/app:latest', source: source(), config });
    expect(second.digest).not.toBe(first.digest);
    expect(await store.resolve('local/app:latest')).toEqual(second);
    const { contentFolder } = await store.open(first.digest);
    expect(await readFile(join(contentFolder, 'a.mjs'), 'utf8')).toBe('one');
  });

  test.each(['no-tag', '../up:1', 'a/../b:1', 'a b:1', 'a;b:1', '$(x):1', '/abs:1', 'UP/case:1'])(
    'refuses the reference "%s"',
    async (reference) => {
      await expect(store.importImage({ reference, source: source(), config })).rejects.toThrow('full image reference');
      await expect(store.resolve(reference)).rejects.toThrow('ImageNotFound');
    },
  );

  test('takes a reference with registry, port and path', async () => {
    const reference = 'registry.example.com:5000/team/app_x:1.4.2-rc.1';
    const imported = await store.importImage({ reference, source: source(), config });
    expect(await store.resolve(reference)).toEqual(imported);
  });
});
