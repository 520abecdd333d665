// One engine's workspace per call: its folder, its environment, its stack. Nothing secret is on a command line.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type InlineProgramArgs,
  LocalWorkspace,
  type LocalWorkspaceOptions,
  PulumiCommand,
  type ProjectSettings,
  type PulumiFn,
  type Stack,
  StackNotFoundError,
} from '@pulumi/pulumi/automation/index.js';
import { hashOf } from '../../domain/hash.ts';
import { ensureEngineWrapper } from './engine-wrapper.ts';
import type { StackSpec } from './port.ts';

export interface PulumiWorkspaceOptions {
  /** All of ours that is no state: wrapper, plugin cache, work folders. */
  root: string;
  /** Its `bin/pulumi` is the real engine. */
  engineRoot: string;
  /** `bin/pulumi-guard.ts` */
  guardPath: string;
  /** The Node that runs guard and plugin. */
  nodePath: string;
  /** The folder that holds the executable `pulumi-resource-slipway`. */
  pluginPath: string;
  /** Where states are: `file://…` or an object store's URL. */
  backendUrl: string;
  /** Encrypts what Pulumi considers secret in its states. */
  passphrase: string;
  /** Of the engine and its plugins, e.g. SLIPWAY_HOME and SLIPWAY_ADMIN_DATABASE_URL. */
  env: Record<string, string>;
  /** Where runs of the engine are recorded: a local folder, the same for all workers of a machine. */
  runsFolder: string;
  /** Between asking a running engine to stop and killing it. */
  graceMs: number;
}

export interface OpenOptions {
  program: PulumiFn;
  /** null: nothing will be changed. */
  fence: number | null;
  /** Makes the stack when it is not there. */
  create: boolean;
}

/** The Pulumi project of a tenant's stacks; a tenant whose id Pulumi does not accept in a name goes by its hash. */
export function projectOf(tenantId: string): string {
  return /^[A-Za-z0-9_.-]{1,80}$/.test(tenantId) ? `slipway-${tenantId}` : `slipway-x${hashOf(tenantId).slice(0, 32)}`;
}

/** The stack's name for people and for the records of runs: `<project>/<stack>`. */
export function stackKeyOf(spec: StackSpec): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/.test(spec.stackName)) {
    throw new Error(`${JSON.stringify(spec.stackName)} is no name for a stack`);
  }
  return `${projectOf(spec.tenantId)}/${spec.stackName}`;
}

/** Opens workspaces of one engine; the engine is asked for its version once. */
export function pulumiWorkspaces(options: PulumiWorkspaceOptions) {
  let command: Promise<PulumiCommand> | undefined;
  const theCommand = async () =>
    await (command ??= prepare(options).catch((error: unknown) => {
      command = undefined;
      throw error;
    }));

  /** Runs `use` with the stack, or gives null when there is none and it is not to be made. */
  return async function withStack<T>(
    spec: StackSpec,
    open: OpenOptions,
    use: (stack: Stack) => Promise<T>,
  ): Promise<T | null> {
    const pulumiCommand = await theCommand();
    // A folder per call: two calls on one stack would write each other's settings.
    const workDir = await mkdtemp(join(options.root, 'work', 'w-'));
    try {
      const stack = await openStack(spec, open, { ...workspaceOptions(options, spec, open), pulumiCommand, workDir });
      return stack && (await use(stack));
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
  };
}

async function prepare(options: PulumiWorkspaceOptions): Promise<PulumiCommand> {
  const { root, backendUrl } = options;
  await mkdir(join(root, 'work'), { recursive: true });
  await mkdir(join(root, 'home'), { recursive: true });
  if (backendUrl.startsWith('file://')) await mkdir(fileURLToPath(backendUrl), { recursive: true });
  const wrapperRoot = await ensureEngineWrapper({ ...options, wrapperRoot: join(root, 'engine') });
  return await PulumiCommand.get({ root: wrapperRoot });
}

async function openStack(spec: StackSpec, open: OpenOptions, workspace: LocalWorkspaceOptions): Promise<Stack | null> {
  const args: InlineProgramArgs = {
    stackName: spec.stackName,
    projectName: projectOf(spec.tenantId),
    program: open.program,
  };
  if (open.create) return await LocalWorkspace.createOrSelectStack(args, workspace);
  try {
    return await LocalWorkspace.selectStack(args, workspace);
  } catch (error) {
    if (error instanceof StackNotFoundError) return null;
    throw error;
  }
}

function workspaceOptions(options: PulumiWorkspaceOptions, spec: StackSpec, open: OpenOptions): LocalWorkspaceOptions {
  // Pulumi reads `plugins` from a project; the SDK's type has no word for it.
  const projectSettings: ProjectSettings & { plugins: { providers: { name: string; path: string }[] } } = {
    name: projectOf(spec.tenantId),
    runtime: 'nodejs',
    main: options.root,
    backend: { url: options.backendUrl },
    plugins: { providers: [{ name: 'slipway', path: options.pluginPath }] },
  };
  return {
    pulumiHome: join(options.root, 'home'),
    projectSettings,
    envVars: {
      ...options.env,
      PULUMI_BACKEND_URL: options.backendUrl,
      PULUMI_CONFIG_PASSPHRASE: options.passphrase,
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      SLIPWAY_NODE: options.nodePath,
      SLIPWAY_ENGINE_RUNS: options.runsFolder,
      SLIPWAY_ENGINE_STACK: stackKeyOf(spec),
      SLIPWAY_ENGINE_FENCE: open.fence === null ? '' : String(open.fence),
      SLIPWAY_ENGINE_GRACE_MS: String(options.graceMs),
    },
  };
}
