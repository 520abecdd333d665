/**
 * StackEngine: makes and takes away what an environment stands on. One stack per environment. Convergent: `up` may be
 * repeated, or taken over after a killed attempt, and yields the same single set of resources.
 */
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { ComputeTargetName, IsolationModel, Stage } from '../../domain/phases.ts';

export interface StackSpec extends EnvironmentKey {
  /** The stack's name: `pulumiStackRef`, unique per tenant. The Pulumi project carries the tenant. */
  stackName: string;
  projectId: string;
  stage: Stage;
  region: string;
  isolationModel: IsolationModel;
  computeTargets: ComputeTargetName[];
}

/** Plain values only; a secret output is left out. */
export type StackOutputs = Record<string, unknown>;

export interface StackRun {
  /** Of this attempt; a run of a smaller fence that still lives is stopped first. */
  fence: number;
  /** Aborted: the engine is asked to stop, and the call ends. */
  signal: AbortSignal;
  /** One sentence per resource step, e.g. `created slipway:local:Folder workspace`. */
  onProgress(sentence: string): void;
}

export interface StackPreview {
  /** Resource URN -> what would be done. Empty: nothing differs. */
  changes: { urn: string; type: string; operation: string }[];
}

export interface StackEngine {
  /** @throws OperationFault `StackFailed` (what the engine said, redacted), `StackLocked` (another living run holds it). */
  up(spec: StackSpec, run: StackRun): Promise<StackOutputs>;
  /**
   * Takes everything away and forgets the stack; a stack that is not there is fine. Where its state was lost, what is
   * there all the same is taken into a new one first.
   */
  destroy(spec: StackSpec, run: StackRun): Promise<void>;
  /** What `up` would change, after a look at reality; writes no state. */
  refreshPreview(spec: StackSpec, run: StackRun): Promise<StackPreview>;
  /** Outputs of the last `up`, or null when there is no such stack. */
  outputs(spec: StackSpec): Promise<StackOutputs | null>;
  /** Types of resources that are there by the environment's tag, whatever the state says. */
  remains(spec: StackSpec): Promise<string[]>;
}
