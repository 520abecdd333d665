import type { Setting } from './expressions/setting.ts';
import { fill, fixed, type Filled } from './fill.ts';
import { isObject, pointerTo, type Json, type JsonObject } from './json.ts';
import { checkType, isSecure } from './parameters.ts';
import type { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';

export interface Output {
  type: string;
  value: Json;
}

/** What a deployment has to say at its end; those whose condition does not hold are left out. */
export function outputsOf(
  declared: Record<string, JsonObject>,
  pointer: string,
  setting: Setting,
  problems: Problems,
): Filled & { value: Record<string, Output & JsonObject> } {
  const outputs: [string, Output & JsonObject][] = [];
  const whole = { isKnown: true, secrets: [] as string[] };
  for (const [name, output] of Object.entries(declared)) {
    const place = pointerTo(pointer, name);
    const { condition = true, type = null } = output;
    const isWanted = problems.attempt(pointerTo(place, 'condition'), () => {
      const value = fixed(condition, setting, 'The condition');
      if (typeof value !== 'boolean') throw new Refusal('WrongType', 'The condition is no boolean.');
      return value;
    });
    if (!isWanted) continue;
    const { value, isKnown, secrets } = valueOf(output, place, setting, problems);
    problems.attempt(place, () => {
      if (isKnown && !(value === null && output.nullable === true)) checkType(value, type);
    });
    const into = pointerTo(pointerTo('', name), 'value');
    whole.isKnown &&= isKnown;
    whole.secrets.push(...(isSecure(type) ? [into] : secrets.map((secret) => into + secret)));
    outputs.push([name, { type: String(type), value }]);
  }
  return { ...whole, value: Object.fromEntries(outputs) };
}

function valueOf(output: JsonObject, place: string, setting: Setting, problems: Problems): Filled {
  const { copy, value } = output;
  if (isObject(copy) && copy.count !== undefined && copy.input !== undefined) {
    const loop = { copy: [{ name: 'value', count: copy.count, input: copy.input }] };
    const { value: made, secrets, isKnown } = fill(loop, place, setting, problems);
    const items = isObject(made) ? (made.value ?? []) : [];
    return { value: items, isKnown, secrets: secrets.map((secret) => secret.replace('/value', '')) };
  }
  if (value === undefined) problems.add(place, new Refusal('InvalidShape', 'An output has a value.'));
  return fill(value ?? null, pointerTo(place, 'value'), setting, problems);
}
