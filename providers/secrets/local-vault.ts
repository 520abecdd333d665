/**
 * The secret store of one machine: folder/<namespace>/<secret>/<version>.json, each file one sealed version that is
 * written once and never changed. A version is named after the operation that made it, so repeating it finds it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationFault } from '../../domain/failures.ts';
import { createDurably, isErrno } from '../durable-file.ts';
import type { SecretRef, SecretStore } from './port.ts';
import { type SealedValue, seal, unseal } from './sealed-value.ts';
import { vaultKey } from './vault-key.ts';

export interface LocalVaultOptions {
  /** Holds the namespaces; made when it is not there. */
  folder: string;
  /** The key, 0600; made when it is not there. Keep it outside `folder`, so that a copy of the one is not the other. */
  keyFile: string;
}

interface VersionFile extends SealedValue {
  /** Rises with every version of a secret: the highest is the latest. */
  order: number;
}

/** Starts with a letter or digit, so that neither `..` nor our own dot names can be meant. */
const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const DELETING = '.deleting-';

/** @throws Error (of each call) for a namespace, name or version that is not a plain name. */
export function localVault({ folder, keyFile }: LocalVaultOptions): SecretStore {
  let key: Promise<Buffer> | undefined;
  const theKey = async () =>
    await (key ??= vaultKey(keyFile).catch((error: unknown) => {
      key = undefined;
      throw error;
    }));

  async function versions(namespace: string, name: string): Promise<(SecretRef & { order: number })[]> {
    const place = placeOf(folder, namespace, name);
    const files = await readdir(place).catch(emptyWhenMissing);
    const found = files.filter((file) => file.endsWith('.json') && !file.startsWith('.'));
    return await Promise.all(
      found.map(async (file) => {
        const { order } = JSON.parse(await readFile(join(place, file), 'utf8')) as VersionFile;
        return { namespace, name, version: file.slice(0, -'.json'.length), order };
      }),
    );
  }

  return {
    // It is made with its first namespace.
    reach: () => readdir(folder).catch(emptyWhenMissing),

    async ensureNamespace(namespace) {
      await mkdir(placeOf(folder, namespace), { recursive: true, mode: 0o700 });
    },

    async deleteNamespace(namespace) {
      // Renamed first: a namespace is there whole or not at all, also when the removal is killed half way.
      await rename(placeOf(folder, namespace), join(folder, `${DELETING}${randomUUID()}`)).catch(fineWhenMissing);
      const left = (await readdir(folder).catch(emptyWhenMissing)).filter((entry) => entry.startsWith(DELETING));
      await Promise.all(left.map(async (entry) => await rm(join(folder, entry), { recursive: true, force: true })));
    },

    async hasNamespace(namespace) {
      return (await stat(placeOf(folder, namespace)).catch(() => null))?.isDirectory() ?? false;
    },

    async put(namespace, name, value, operationId) {
      const version = versionOf(namespace, name, operationId);
      const place = placeOf(folder, namespace, name);
      const known = await versions(namespace, name);
      if (!known.some((other) => other.version === version)) {
        // Not recursive: a namespace that was deleted does not come back through a late writer.
        await mkdir(place, { mode: 0o700 }).catch((error: unknown) => {
          if (isErrno(error, 'ENOENT')) throw notFound(`Namespace ${namespace} does not exist`);
          if (!isErrno(error, 'EEXIST')) throw error;
        });
        const order = Math.max(0, ...known.map((other) => other.order)) + 1;
        const sealed = seal(await theKey(), [namespace, name, version, order], value);
        await createDurably(join(place, `${version}.json`), JSON.stringify({ order, ...sealed } satisfies VersionFile));
      }
      return { namespace, name, version };
    },

    async latest(namespace, name) {
      const [last] = (await versions(namespace, name)).sort(
        (a, b) => b.order - a.order || (a.version < b.version ? 1 : -1),
      );
      return last ? { namespace, name, version: last.version } : null;
    },

    async has({ namespace, name, version }) {
      const path = join(placeOf(folder, namespace, name), `${safe(version)}.json`);
      return (await stat(path).catch(nullWhenMissing))?.isFile() ?? false;
    },

    async read({ namespace, name, version }) {
      const path = join(placeOf(folder, namespace, name), `${safe(version)}.json`);
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (isErrno(error, 'ENOENT')) throw notFound(`Version ${version} of ${namespace}/${name} does not exist`);
        throw error;
      });
      const file = JSON.parse(text) as VersionFile;
      const opener = await theKey();
      try {
        return unseal(opener, [namespace, name, version, file.order], file);
      } catch (error) {
        const message = `Version ${version} of ${namespace}/${name} cannot be opened: it was changed, moved, or sealed with another key`;
        throw new OperationFault({ code: 'InternalFault', message }, error);
      }
    },
  };
}

/** 32 hex digits of what makes two writes the same write. */
function versionOf(namespace: string, name: string, operationId: string): string {
  return createHash('sha256')
    .update(JSON.stringify([namespace, name, operationId]))
    .digest('hex')
    .slice(0, 32);
}

function placeOf(folder: string, ...names: string[]): string {
  return join(folder, ...names.map(safe));
}

function safe(name: string): string {
  if (!SAFE_NAME.test(name)) throw new Error(`${JSON.stringify(name)} is not a name the vault accepts`);
  return name;
}

function notFound(message: string): OperationFault {
  return new OperationFault({ code: 'SecretNotFound', message });
}

function emptyWhenMissing(error: unknown): string[] {
  if (isErrno(error, 'ENOENT')) return [];
  throw error;
}

function nullWhenMissing(error: unknown): null {
  if (isErrno(error, 'ENOENT')) return null;
  throw error;
}

function fineWhenMissing(error: unknown): void {
  if (!isErrno(error, 'ENOENT')) throw error;
}
