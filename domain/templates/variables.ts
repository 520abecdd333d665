import type { Held, Setting } from './expressions/setting.ts';
import { fill, held, loopsOf } from './fill.ts';
import { named, pointerTo, type JsonObject } from './json.ts';
import { lazily } from './names.ts';
import { Problems } from './problems.ts';

/** Variables by their names; those that are made in loops too. */
export function variablesOf(declared: JsonObject, pointer: string, settingOf: () => Setting): (name: string) => Held {
  const { copy = null, ...plain } = declared;
  const loops = loopsOf(copy);
  const looped = Object.fromEntries((loops ?? []).map((loop) => [loop.name, { copy: [{ ...loop }] }]));
  const variables = { ...(loops ? plain : declared), ...looped };
  return lazily('variable', (name) => {
    const value = named(variables, name);
    if (value === undefined) return undefined;
    return () => {
      const problems = new Problems();
      const whole = held(fill(value, pointerTo(pointer, name), settingOf(), problems));
      problems.throwIfAny();
      const made = whole.value;
      if (typeof made !== 'object' || named(looped, name) === undefined) return whole;
      return { ...whole, value: Object.values(made ?? {})[0] ?? null };
    };
  });
}
