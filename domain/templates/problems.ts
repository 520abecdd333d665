import { InvalidTemplate, type TemplateProblem } from './invalid-template.ts';
import { Refusal } from './refusal.ts';

/** More than anybody mends at once. */
const MAX_PROBLEMS = 100;

/** Everything that is wrong with a template, so that its author is told all of it at once. */
export class Problems {
  readonly #found = new Map<string, TemplateProblem>();

  get count(): number {
    return this.#found.size;
  }

  /** What `step` comes to, or undefined with its refusal noted. What is too large ends everything. */
  attempt<T>(pointer: string, step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.add(pointer, error);
      return undefined;
    }
  }

  add(pointer: string, { fault, message, position }: Refusal): void {
    const where = position === undefined ? '' : ` (at character ${position + 1})`;
    this.addAll([{ fault, pointer, message: `${message}${where}` }]);
    if (fault === 'TooLarge') this.throwIfAny();
  }

  /** The same thing in each turn of a loop is one. */
  addAll(problems: readonly TemplateProblem[]): void {
    for (const problem of problems) this.#found.set(JSON.stringify([problem.pointer, problem.message]), problem);
    if (this.#found.size >= MAX_PROBLEMS) this.throwIfAny();
  }

  /** @throws InvalidTemplate */
  throwIfAny(): void {
    if (this.#found.size > 0) throw new InvalidTemplate([...this.#found.values()].slice(0, MAX_PROBLEMS));
  }
}
