/** Fills the image store with the sample images that `samples/images.json` lists. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ResolvedImage } from '../../../providers/compute/port.ts';
import type { ImageStore } from './image-store.ts';

const listShape = z.array(
  z.strictObject({
    reference: z.string(),
    /** Folder beside images.json. */
    source: z.string().regex(/^[a-z][a-z0-9-]*$/),
    entrypoint: z.array(z.string()).min(1),
    env: z.record(z.string(), z.string()),
  }),
);

/** @param folder where `images.json` and the sources are. */
export async function importSamples(store: ImageStore, folder: string): Promise<ResolvedImage[]> {
  const list = listShape.parse(JSON.parse(await readFile(join(folder, 'images.json'), 'utf8')));
  const imports = list.map(async ({ reference, source, entrypoint, env }) => {
    return await store.importImage({ reference, source: join(folder, source), config: { entrypoint, env } });
  });
  return await Promise.all(imports);
}
