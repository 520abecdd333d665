/** What can be wrong with a template. The fault is for programs, the message for people, the pointer for both. */
import type { FieldProblem } from '../errors.ts';

export type TemplateFault =
  /** Above a bound of `bounds.ts`: it is not looked at any further. */
  | 'TooLarge'
  | 'InvalidShape'
  /** It has a meaning in Azure, and none here. */
  | 'NotSupported'
  | 'InvalidExpression'
  | 'UnknownFunction'
  | 'WrongArguments'
  | 'WrongType'
  | 'InvalidArgument'
  | 'UnknownParameter'
  | 'MissingParameter'
  | 'InvalidParameter'
  | 'UnknownVariable'
  | 'UnknownProperty'
  | 'UnknownResource'
  | 'DuplicateResource'
  | 'MissingScope'
  | 'Cycle'
  /** It must be known before anything is deployed, and is not. */
  | 'NotKnownYet'
  /** It came from a secret, and stands where everybody can read it. */
  | 'SecretInTheOpen';

export interface TemplateProblem extends FieldProblem {
  fault: TemplateFault;
}

/** Thrown when a template cannot be deployed as it is. No message holds a value: any may have come from a secret. */
export class InvalidTemplate extends Error {
  override readonly name = 'InvalidTemplate';
  readonly problems: readonly TemplateProblem[];

  constructor(problems: readonly TemplateProblem[]) {
    super(problems.map(({ fault, pointer, message }) => `${fault} at ${pointer || '/'}: ${message}`).join('\n'));
    this.problems = problems;
  }
}
