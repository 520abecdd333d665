/** Another release of the workers beside the platform's own: a copy of the tree, with changes, and a process that runs it. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startProcess, type ManagedProcess } from '../../local/engines/process.ts';
import { childEnvironment } from '../../local/platform/child-environment.ts';
import type { TestPlatform } from './platform.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** What a release may change; all else is the tree's own. */
const COPIED = ['bin', 'workflows'];
const LEFT_OUT = ['.git', '.slipway'];

export interface Release extends Disposable {
  folder: string;
}

/** @param edits the file, what stands in it, and what stands there instead */
export function releaseWith(...edits: [file: string, text: string, instead: string][]): Release {
  const folder = mkdtempSync(join(tmpdir(), 'slv-'));
  for (const entry of readdirSync(ROOT).filter((name) => !LEFT_OUT.includes(name))) {
    if (COPIED.includes(entry)) cpSync(join(ROOT, entry), join(folder, entry), { recursive: true });
    else symlinkSync(join(ROOT, entry), join(folder, entry));
  }
  for (const [file, text, instead] of edits) {
    const before = readFileSync(join(folder, file), 'utf8');
    if (!before.includes(text)) throw new Error(`${file} has no "${text}"`);
    writeFileSync(join(folder, file), before.replace(text, instead));
  }
  return {
    folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A worker of a build of its own; its pollers come when they come. */
export async function startWorker(
  { platform: { config }, home }: TestPlatform,
  buildId: string,
  { folder }: { folder: string } = { folder: ROOT },
): Promise<ManagedProcess> {
  return await startProcess({
    name: `worker-${buildId}`,
    home,
    command: process.execPath,
    args: [join(folder, 'bin', 'worker.ts')],
    env: { ...childEnvironment(config), DATABASE_URL: config.databaseUrl, SLIPWAY_BUILD_ID: buildId },
    ready: () => Promise.resolve(true),
  });
}

export interface Told {
  code: number;
  /** Standard output and errors. */
  text: string;
}

/** As `npm run workers:promote -- …` does, in the folder and with the settings of that release's workers. */
export async function promote(
  { platform: { config } }: TestPlatform,
  buildId: string,
  { folder = ROOT, args = [] }: { folder?: string; args?: string[] } = {},
): Promise<Told> {
  const env = { ...childEnvironment(config), SLIPWAY_BUILD_ID: buildId };
  return await new Promise((settle) => {
    const script = join(folder, 'bin', 'workers-promote.ts');
    execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) => {
      settle({ code: error ? Number(error.code) : 0, text: `${stdout}${stderr}` });
    });
  });
}
