/**
 * The StackEngine on the real Pulumi engine. A call first makes the stack its own (fence, living and dead runs before
 * it), then lets the engine work under the guard, which enforces the same at the moment the engine starts.
 */
import type { EngineEvent, OutputMap, PulumiFn, Stack } from '@pulumi/pulumi/automation/index.js';
import { faultOf, isCommandError, isFault, secretsOf, stackFailed } from './engine-faults.ts';
import { changeOf } from './engine-report.ts';
import { takeOver } from './engine-runs.ts';
import { type Attempt, step, unlocked, unlockedStep, watched } from './engine-steps.ts';
import type { StackEngine, StackOutputs, StackPreview, StackRun, StackSpec } from './port.ts';
import { removeLocksOf } from './stale-locks.ts';
import { pulumiWorkspaces, type PulumiWorkspaceOptions, stackKeyOf } from './pulumi-workspace.ts';

export interface PulumiStacksOptions extends PulumiWorkspaceOptions {
  /** The inline program of an environment. */
  program(spec: StackSpec): PulumiFn;
  /** Types of the program's resources that are there by the environment's tag: asked of what holds them, not of a state. */
  remains(spec: StackSpec): Promise<string[]>;
}

/** @throws OperationFault of each call: `StackFailed`, `StackLocked`, `FenceRefused`; or the signal's reason when it was aborted. */
export function pulumiStacks(options: PulumiStacksOptions): StackEngine {
  const withStack = pulumiWorkspaces(options);
  const secrets = secretsOf(options.passphrase, options.env);
  const reading = (spec: StackSpec) => ({ program: options.program(spec), fence: null, create: false });
  const changing = (spec: StackSpec, { fence }: StackRun) => ({ ...reading(spec), fence });

  /** Failures outside a watched command (opening a stack, reading it) are the engine's too. */
  const judged = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw isCommandError(error) ? faultOf(error, [], secrets) : error;
    }
  };

  return {
    up: async (spec, run) =>
      await judged(async () => {
        const attempt = await begin(options, secrets, spec, run);
        const open = { ...changing(spec, run), create: true };
        const outputs = await unlocked(attempt, {
          work: async () => await withStack(spec, open, async (stack) => await raise(stack, attempt)),
          unlock: async () => await removeLocksOf(options.backendUrl, attempt.runs.stack),
        });
        return outputs ?? {};
      }),

    destroy: async (spec, run) =>
      await judged(async () => {
        const attempt = await begin(options, secrets, spec, run);
        const take = async (stack: Stack) => {
          await takeAway(stack, attempt);
          return true;
        };
        if ((await withStack(spec, changing(spec, run), take)) || (await options.remains(spec)).length === 0) return;
        // Its state was lost.
        attempt.failed = true;
        await withStack(spec, { ...changing(spec, run), create: true }, take);
      }),

    refreshPreview: async (spec, run) =>
      await judged(async () => {
        const changes = await withStack(spec, reading(spec), async (stack) => await preview(stack, { run, secrets }));
        if (!changes) throw stackFailed(`There is no stack ${stackKeyOf(spec)}`);
        return { changes };
      }),

    outputs: async (spec) =>
      await judged(async () => {
        const work = async (stack: Stack) => plainOutputs(await stack.outputs());
        return await withStack(spec, reading(spec), work);
      }),

    remains: options.remains,
  };
}

/** Makes the stack this attempt's: what runs from before is stopped, and what comes too late is refused. */
async function begin(
  { runsFolder, graceMs }: PulumiStacksOptions,
  secrets: readonly string[],
  spec: StackSpec,
  run: StackRun,
): Promise<Attempt> {
  run.signal.throwIfAborted();
  const runs = { runsFolder, stack: stackKeyOf(spec) };
  const { broken, failed } = await takeOver(runs, run.fence, graceMs);
  if (broken.length > 0) run.onProgress('taking over from a run that was broken off');
  return { run, runs, broken: broken.length > 0, failed, secrets };
}

/** What a killed run was about to make is made or found again first; only then may its half-made step be forgotten. */
async function raise(stack: Stack, attempt: Attempt): Promise<StackOutputs> {
  const outputs = await unlockedStep(stack, attempt, 'up');
  if (attempt.broken) await step(stack, attempt, 'clean');
  return plainOutputs(outputs);
}

async function takeAway(stack: Stack, attempt: Attempt): Promise<void> {
  if (attempt.broken || attempt.failed) {
    await unlockedStep(stack, attempt, 'adopt').catch((error: unknown) => {
      // What it could not make whole is in the state with its error, and is deleted like the rest.
      if (!isFault(error, 'StackFailed')) throw error;
    });
  }
  if (attempt.broken) await step(stack, attempt, 'clean');
  await unlockedStep(stack, attempt, 'destroy');
  await watched(attempt, async () => await stack.workspace.removeStack(stack.name));
}

/** What `up` would do. Not recorded and without a fence: it writes no state and takes no lock. */
async function preview(stack: Stack, attempt: Pick<Attempt, 'run' | 'secrets'>): Promise<StackPreview['changes']> {
  const changes: StackPreview['changes'] = [];
  // Its planned steps are changes, not progress.
  const quiet = { ...attempt, run: { ...attempt.run, onProgress: () => undefined } };
  await watched(quiet, async (onEvent) => {
    const both = (event: EngineEvent) => {
      onEvent(event);
      const change = changeOf(event);
      if (change) changes.push(change);
    };
    await stack.preview({ refresh: true, signal: attempt.run.signal, onEvent: both, suppressProgress: true });
  });
  return changes;
}

/** Without those that Pulumi holds for secret. */
function plainOutputs(outputs: OutputMap): StackOutputs {
  const plain = Object.entries(outputs).filter(([, output]) => !output.secret);
  return Object.fromEntries(plain.map(([name, output]) => [name, output.value as unknown]));
}
