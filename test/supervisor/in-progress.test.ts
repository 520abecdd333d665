/** What is seen of a service while somebody changes it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Supervisor } from '../../local/supervisor/daemon/supervisor.ts';
import { ImageStore } from '../../local/supervisor/images/image-store.ts';
import type { RevisionSpec } from '../../providers/compute/port.ts';
import { HTTP_HEALTH, WORKLOAD } from '../_support/compute-platform.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sls-'));
});
afterEach(async () => await rm(home, { recursive: true, force: true }));

test('a revision that is still being made is seen, and one that was not made is not', async () => {
  const images = new ImageStore(join(home, 'images'));
  const source = join(home, 'source');
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<boolean>();
  const supervisor = new Supervisor({
    ...{ folder: join(home, 'supervisor'), images, graceMs: 0, log: () => undefined },
    // It is not come to: no replica is made before the vault has answered.
    shim: { file: '', args: [], env: {} },
    secrets: {
      has() {
        asked.resolve();
        return answer.promise;
      },
      read: () => Promise.reject(new Error('nobody reads it')),
    },
  });
  await mkdir(source);
  await writeFile(join(source, 'a.mjs'), '');
  const config = { entrypoint: ['node', 'a.mjs'], env: {} };
  const { image, digest } = await images.importImage({ reference: 'local/app:1', source, config });
  const ref = { namespace: WORKLOAD.environmentId, name: 'key', version: '1' };
  const spec: RevisionSpec = {
    ...{ workload: WORKLOAD, revision: 'r1', image, digest, replicas: 1, port: null, health: HTTP_HEALTH },
    ...{ env: {}, files: {}, secrets: [{ name: 'KEY', ref }], placement: { portBase: 26_000, portCount: 8 } },
  };
  const seen = async () => (await supervisor.view(WORKLOAD, WORKLOAD.tenantId))?.revisions.map((each) => each.revision);

  const making = supervisor.ensure(spec, 1);
  await asked.promise;
  expect(await seen()).toEqual(['r1']);
  answer.resolve(false);
  await expect(making).rejects.toMatchObject({ failure: { code: 'SecretNotFound' } });
  expect(await seen()).toEqual([]);
});
