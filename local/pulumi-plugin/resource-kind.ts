// What the plugin has to know of one type of resource. Property bags hold plain strings, numbers and objects only.

export type Inputs = Record<string, unknown>;
/** What the engine keeps in its state: the inputs again, and what the resource turned out to be. Never a secret value. */
export type State = Record<string, unknown>;

/**
 * Convergent: every resource's id is its environment's, its names follow from that, `ensure` adopts what is there and
 * ours, `remove` accepts absence.
 */
export interface ResourceKind {
  /** Inputs and, for each, what is wrong with a value (or null). Any other input is refused. */
  inputs: Record<string, (value: unknown) => string | null>;
  /** Inputs that cannot be changed in place: the old resource goes first, then the new one is made. */
  replaceOn: readonly string[];
  /** Makes it, adopts it or brings it to new inputs. @throws Error when what is there is somebody else's. */
  ensure(id: string, inputs: Inputs): Promise<State>;
  /**
   * The resource as it is now; null when nothing of it is there. A part of it is a state with `incomplete: true`: it
   * stays known, so that `ensure` completes it or `remove` takes the rest away.
   */
  read(id: string, state: State): Promise<State | null>;
  remove(id: string, state: State): Promise<void>;
}

/** Ids become folder, database and file names, so only plain ones pass. */
export function environmentIdProblem(value: unknown): string | null {
  return typeof value === 'string' && /^env-[A-Za-z0-9-]{1,50}$/.test(value) ? null : 'has to be an environment id';
}
