// slipway:local:Folder — the workspace folder of an environment, marked by a tag file.
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readClaim, replaceFile } from './claim-file.ts';
import { environmentIdProblem, type Inputs, type ResourceKind } from './resource-kind.ts';

const TAG = '.slipway-environment.json';

/** @param home under which `environments/<environmentId>` is made. */
export function folderKind(home: string): ResourceKind {
  const pathOf = (id: string) => join(home, 'environments', id);
  const tagOf = async (id: string) => await readClaim(join(pathOf(id), TAG));

  async function ensure(id: string, inputs: Inputs) {
    const path = pathOf(id);
    await mkdir(path, { recursive: true });
    const tag = await tagOf(id);
    if (tag && tag.environmentId !== id) throw new Error(`${path} belongs to ${String(tag.environmentId)}`);
    // Without a tag it is what a killed create left: the name already carries the id.
    await replaceFile(join(path, TAG), { environmentId: id, labels: inputs.labels });
    return { environmentId: id, labels: inputs.labels, path };
  }

  return {
    inputs: { environmentId: environmentIdProblem, labels: labelsProblem },
    replaceOn: ['environmentId'],
    ensure,
    async read(id, { labels }) {
      const tag = await tagOf(id);
      if (tag) return tag.environmentId === id ? { environmentId: id, labels: tag.labels, path: pathOf(id) } : null;
      const there = await stat(pathOf(id)).catch(() => null);
      return there && { environmentId: id, labels, path: pathOf(id), incomplete: true };
    },
    async remove(id) {
      const tag = await tagOf(id);
      if (!tag || tag.environmentId === id) await rm(pathOf(id), { recursive: true, force: true });
    },
  };
}

function labelsProblem(value: unknown): string | null {
  const plain = typeof value === 'object' && value !== null && Object.values(value).every((v) => typeof v === 'string');
  return plain ? null : 'has to be names with texts';
}
