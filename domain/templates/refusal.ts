import type { TemplateFault } from './invalid-template.ts';

/** One thing that is wrong, before it is known where in the template it stands: `Problems` adds that. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly fault: TemplateFault;
  /** In characters from the beginning of the text that the expression is. */
  readonly position: number | undefined;

  constructor(fault: TemplateFault, message: string, position?: number) {
    super(message);
    this.fault = fault;
    this.position = position;
  }
}
