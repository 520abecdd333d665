// Finds an engine, in this order: explicit path, PATH, the user's cache, the vendor's download, a build with Go.
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { buildEngine } from './build-engine.ts';
import { cacheHomeOf, engineFolder } from './cache.ts';
import { downloadEngine } from './download-engine.ts';
import { versionFits, type Engine } from './engine.ts';
import { installOnce } from './install-once.ts';

export interface FindEngineOptions {
  /** The caller's environment: explicit path, PATH, cache home, and what Go and the download need. */
  env: Record<string, string | undefined>;
  /** The folder with a Go module per engine (`tools/`). */
  toolsFolder: string;
  /** One sentence per step that takes time. */
  onProgress: (sentence: string) => void;
  signal?: AbortSignal;
}

/** No way to the engine worked; one sentence that says what is missing and how to supply it. */
export class EngineMissingError extends Error {}

type Environment = FindEngineOptions['env'];

const VERSION_CALL_MS = 20_000;

/** The absolute path of a working executable. @throws EngineMissingError */
export async function findEngine(engine: Engine, options: FindEngineOptions): Promise<string> {
  const { env, signal } = options;
  const explicit = env[engine.variable];
  if (explicit) return await explicitEngine(engine, resolve(explicit), env);
  for (const candidate of executablesOnPath(engine, env.PATH ?? '')) {
    if (versionFits(engine, await printedVersion(engine, candidate, env))) return candidate;
  }
  const folder = engineFolder(cacheHomeOf(env), engine.name, engine.version);
  const binary = join(folder, engine.binary);
  if (await works(engine, binary, env)) return binary;
  const failures: string[] = [];
  await installOnce(folder, {
    isDone: async () => await works(engine, binary, env),
    ways: [downloadEngine, buildEngine].map((way) => async (into: string) => {
      await way(engine, into, options);
      if (!(await works(engine, join(into, engine.binary), env))) throw new Error('what came does not run here');
    }),
    onFailure: (reason) => failures.push(reason),
    onProgress: options.onProgress,
    title: engine.title,
    signal,
  });
  if (await works(engine, binary, env)) return binary;
  throw new EngineMissingError(
    `The ${engine.title} engine is missing: there is none on PATH that fits and none in ${folder}, and it could not be fetched (${failures.join('; ')}). Install ${engine.title} ${engine.version}, or set ${engine.variable} to its path.`,
  );
}

async function explicitEngine(engine: Engine, path: string, env: Environment): Promise<string> {
  if (await works(engine, path, env)) return path;
  throw new EngineMissingError(`${engine.variable} names ${path}, which is no ${engine.title} that runs here.`);
}

function executablesOnPath(engine: Engine, path: string): string[] {
  const name = engine.binary.slice(engine.binary.lastIndexOf('/') + 1);
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => resolve(folder, name))
    .filter(isExecutable);
}

async function works(engine: Engine, path: string, env: Environment): Promise<boolean> {
  return isExecutable(path) && (await printedVersion(engine, path, env)) !== '';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the executable prints about its version; empty when it does not run. */
async function printedVersion(engine: Engine, path: string, callersEnv: Environment): Promise<string> {
  try {
    const env = { ...callersEnv, PULUMI_SKIP_UPDATE_CHECK: 'true' };
    const { stdout } = await promisify(execFile)(path, [...engine.versionArgs], { timeout: VERSION_CALL_MS, env });
    return stdout.trim();
  } catch {
    return '';
  }
}
