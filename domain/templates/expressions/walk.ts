import type { Json } from '../json.ts';
import { pointerTo } from '../json.ts';
import type { Call, Expression } from './parse.ts';

/** Every text of a value, names of members among them, with the place of what it names. */
export function* textsIn(value: Json, pointer: string): Generator<{ text: string; pointer: string }> {
  if (typeof value === 'string') yield { text: value, pointer };
  if (typeof value !== 'object' || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    const place = pointerTo(pointer, name);
    if (!Array.isArray(value)) yield { text: name, pointer: place };
    yield* textsIn(item, place);
  }
}

export function* callsIn(expression: Expression): Generator<Call> {
  if (expression.kind === 'literal') return;
  if (expression.kind === 'call') {
    yield expression;
    for (const arg of expression.args) yield* callsIn(arg);
    return;
  }
  yield* callsIn(expression.of);
  yield* callsIn(expression.name);
}
