/** Parameters and variables by their names: each is evaluated when it is first asked for, once. */
import type { Held } from './expressions/setting.ts';
import { InvalidTemplate } from './invalid-template.ts';
import { Refusal } from './refusal.ts';

/** What an evaluation came to. */
type Outcome = Held | Refusal | 'underway';

/**
 * @param what `parameter`, `variable`
 * @param evaluate undefined when there is none of this name, which is in lower case
 */
export function lazily(what: 'parameter' | 'variable', evaluate: (name: string) => (() => Held) | undefined) {
  const outcomes = new Map<string, Outcome>();
  return (written: string): Held => {
    const name = written.toLowerCase();
    const known = outcomes.get(name);
    if (known === 'underway') throw new Refusal('Cycle', `The ${what} ${written} is made of itself.`);
    if (known instanceof Refusal) throw known;
    if (known) return known;
    const make = evaluate(name);
    if (!make) {
      const fault = what === 'parameter' ? 'UnknownParameter' : 'UnknownVariable';
      throw new Refusal(fault, `The template has no ${what} ${written}.`);
    }
    outcomes.set(name, 'underway');
    const outcome = attempt(make, `In the ${what} ${written}: `);
    outcomes.set(name, outcome);
    if (outcome instanceof Refusal) throw outcome;
    return outcome;
  };
}

/** Wherever it is read, its reader is told where it went wrong: the innermost place. */
function attempt(make: () => Held, where: string): Held | Refusal {
  try {
    return make();
  } catch (error) {
    const cause = error instanceof InvalidTemplate ? error.problems[0] : error instanceof Refusal ? error : null;
    if (!cause) throw error;
    return new Refusal(cause.fault, cause.message.startsWith('In the ') ? cause.message : where + cause.message);
  }
}
