/** The value of an expression where it stands. */
import { own } from '../../own.ts';
import { memberOf } from '../functions/objects.ts';
import { nounOf } from '../functions/pure.ts';
import { ABSENT_FUNCTIONS, PURE_FUNCTIONS } from '../functions/table.ts';
import { isObject, kindOf, type Json } from '../json.ts';
import { Refusal } from '../refusal.ts';
import { FORMS, isList, LIST_FORM } from './forms.ts';
import type { Call, Expression } from './parse.ts';
import { open, UNKNOWN, type Held, type Setting } from './setting.ts';

/** @throws Refusal */
export function evaluate(expression: Expression, setting: Setting): Held {
  setting.budget.spend(1);
  return setting.budget.deeper(() => {
    if (expression.kind === 'literal') return open(expression.value);
    try {
      return expression.kind === 'call' ? valueOf(expression, setting) : member(expression, setting);
    } catch (error) {
      if (!(error instanceof Refusal) || error.position !== undefined) throw error;
      throw new Refusal(error.fault, error.message, expression.at);
    }
  });
}

/** What can be told of a call without its arguments' values. @throws Refusal */
export function checkCall({ name, args, at }: Call): void {
  const key = name.toLowerCase();
  const called = own(PURE_FUNCTIONS, key) ?? own(FORMS, key) ?? (isList(name) ? LIST_FORM : undefined);
  if (!called) {
    const why = own(ABSENT_FUNCTIONS, key);
    throw new Refusal('UnknownFunction', `There is no function ${name}()${why ? `: ${why}` : ''}.`, at);
  }
  const { least, most } = called;
  if (args.length >= least && args.length <= most) return;
  const wanted = most === Infinity ? `at least ${least}` : least === most ? least : `${least} to ${most}`;
  const noun = wanted === 1 || wanted === 'at least 1' ? 'argument' : 'arguments';
  throw new Refusal('WrongArguments', `${name}() takes ${wanted} ${noun}, and has ${args.length}.`, at);
}

function valueOf(call: Call, setting: Setting): Held {
  checkCall(call);
  const key = call.name.toLowerCase();
  const read = (expression: Expression) => evaluate(expression, setting);
  const form = own(FORMS, key);
  if (form) return form.run(call, read, setting);
  const pure = own(PURE_FUNCTIONS, key);
  if (!pure) return LIST_FORM.run(call, read, setting);
  const held = call.args.map(read);
  const isSecret = held.some((one) => one.isSecret);
  if (held.some(({ value }) => value === UNKNOWN)) return { value: UNKNOWN, isSecret };
  const values = held.map(({ value }) => value as Json);
  setting.budget.spend(values.reduce<number>((sum, value) => sum + setting.budget.measure(value), 0));
  const value = pure.run(values, call.name);
  setting.budget.measure(value);
  return { value, isSecret };
}

function member({ of, name }: Expression & { kind: 'member' }, setting: Setting): Held {
  const [whole, step] = [evaluate(of, setting), evaluate(name, setting)];
  const isSecret = whole.isSecret || step.isSecret;
  if (whole.value === UNKNOWN || step.value === UNKNOWN) return { value: UNKNOWN, isSecret };
  if (isObject(whole.value) && !Object.hasOwn(whole.value, String(step.value))) {
    // It is looked for again without the case of its letters.
    setting.budget.spend(Object.keys(whole.value).length);
  }
  const value = memberOf(whole.value, step.value);
  if (value !== undefined) return { value, isSecret };
  throw new Refusal('UnknownProperty', missing(whole.value, name));
}

/** Names what the template itself names, and nothing that was computed: that may be a secret. */
function missing(whole: Json, name: Expression): string {
  const what =
    name.kind === 'literal' ? ` ${typeof name.value === 'string' ? `member ${name.value}` : name.value}` : '';
  if (Array.isArray(whole)) return `The array has no item${what || ' of this index'}.`;
  if (isObject(whole)) return `The object has no${what || ' such member'}.`;
  return `This is ${nounOf(kindOf(whole))}, which has no members.`;
}
