/** The workflow code as one file, bundled once per state of its sources and kept in the user's cache. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { bundleWorkflowCode } from '@temporalio/worker';

const KEPT = 8;
const root = fileURLToPath(new URL('..', import.meta.url));

export interface BundleOptions {
  /** Of the workers that load it: how failures are written is a part of the bundle. */
  dataConverter?: DataConverter;
  /** Workers with a version have a bundle of their own. @default false */
  isVersioned?: boolean;
}

/** The path of the bundle in `folder`, made when the sources have changed. */
export async function workflowBundle(
  folder: string,
  { dataConverter: { failureConverterPath } = {}, isVersioned = false }: BundleOptions = {},
): Promise<string> {
  const kind = [hashOfSources(), isVersioned && 'versioned', failureConverterPath && 'private'];
  const path = join(folder, `workflows-${kind.filter(Boolean).join('-')}.js`);
  if (existsSync(path)) {
    utimesSync(path, new Date(), new Date());
    return path;
  }
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', isVersioned ? 'versioned.ts' : 'index.ts'),
    failureConverterPath,
  });
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, code);
  renameSync(temporary, path);
  forgetOld(folder);
  return path;
}

/** Keeps the few that were used last: every change of the sources makes one. */
function forgetOld(folder: string): void {
  const bundles = globSync('workflows-*.js', { cwd: folder }).map((name) => join(folder, name));
  const byUse = bundles.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of byUse.slice(KEPT)) rmSync(old, { force: true });
}

/** The same for the same workflow code, whatever else has changed. */
export function hashOfSources(): string {
  const hash = createHash('sha256');
  const sources = ['workflows/*.ts', 'domain/*.ts', 'package-lock.json'].flatMap((pattern) =>
    globSync(pattern, { cwd: root }),
  );
  for (const source of sources.sort()) hash.update(source).update(readFileSync(join(root, source)));
  return hash.digest('hex').slice(0, 16);
}
