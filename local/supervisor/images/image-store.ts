/**
 * The local image store. `refs/` maps a full reference to a digest and may move; `sha256/<hex>/` holds an image's files
 * and configuration and never changes.
 */
import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { OperationFault } from '../../../domain/failures.ts';
import { hashOf } from '../../../domain/hash.ts';
import type { ResolvedImage } from '../../../providers/compute/port.ts';
import { readJson, writeJsonDurably } from '../files.ts';
import { isImageReference } from './reference.ts';

export interface ImageConfig {
  /** The command; `node` names the Node that runs the supervisor. Paths are relative to the image's content. */
  entrypoint: string[];
  env: Record<string, string>;
}

export interface ImageSource {
  reference: string;
  /** The folder whose files become the content. */
  source: string;
  config: ImageConfig;
}

export interface StoredImage {
  config: ImageConfig;
  contentFolder: string;
}

export class ImageStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Stores the content once, however often it is imported, then points the reference at it. */
  async importImage({ reference, source, config }: ImageSource): Promise<ResolvedImage> {
    if (!isImageReference(reference)) throw new Error(`"${reference}" is not a full image reference`);
    const hex = hashOf({ config, files: await listFiles(source) });
    const target = join(this.#folder, 'sha256', hex);
    if (!(await readJson(join(target, 'config.json')))) await this.#store(source, config, target);
    const resolved = { image: reference, digest: `sha256:${hex}` };
    await writeJsonDurably(this.#refFile(reference), resolved);
    return resolved;
  }

  /** @throws OperationFault `ImageNotFound` */
  async resolve(reference: string): Promise<ResolvedImage> {
    const resolved = isImageReference(reference) ? await readJson<ResolvedImage>(this.#refFile(reference)) : null;
    if (!resolved) throw notFound(`image "${reference}" is not in the local image store`);
    return resolved;
  }

  /** @throws OperationFault `ImageNotFound` */
  async open(digest: string): Promise<StoredImage> {
    const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
    const folder = join(this.#folder, 'sha256', hex ?? 'none');
    const config = hex ? await readJson<ImageConfig>(join(folder, 'config.json')) : null;
    if (!config) throw notFound(`image content ${digest} is not in the local image store`);
    return { config, contentFolder: join(folder, 'content') };
  }

  async #store(source: string, config: ImageConfig, target: string): Promise<void> {
    const temporary = join(this.#folder, `import-${randomUUID()}`);
    try {
      await cp(source, join(temporary, 'content'), { recursive: true });
      await writeJsonDurably(join(temporary, 'config.json'), config);
      await mkdir(join(this.#folder, 'sha256'), { recursive: true });
      await rename(temporary, target);
    } catch (error) {
      // Another import of the same content was faster: what it stored is what we wanted.
      if (!(await readJson(join(target, 'config.json')))) throw error;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  #refFile(reference: string): string {
    return join(this.#folder, 'refs', `${encodeURIComponent(reference)}.json`);
  }
}

async function listFiles(folder: string): Promise<[path: string, executable: boolean, sha256: string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const listed = files.map(async (entry): Promise<[string, boolean, string]> => {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) throw new Error(`${path} is not a regular file: an image holds files only`);
    const sha256 = createHash('sha256').update(await readFile(path));
    const executable = ((await stat(path)).mode & 0o100) !== 0;
    return [relative(folder, path).split(sep).join('/'), executable, sha256.digest('hex')];
  });
  return (await Promise.all(listed)).sort(([a], [b]) => (a < b ? -1 : 1));
}

function notFound(message: string): OperationFault {
  return new OperationFault({ code: 'ImageNotFound', message });
}
