/** Texts. */
import { checkLength } from '../bounds.ts';
import type { Json } from '../json.ts';
import { misfit, pure, unfit, variadic, type PureFunction } from './pure.ts';

/** Each is looked for at every character. */
const MAX_DELIMITERS = 16;

export const TEXT_FUNCTIONS: Record<string, PureFunction> = {
  base64: pure(['string'], (text) => Buffer.from(text).toString('base64')),
  base64tostring: pure(['string'], (text) => decoded(text)),
  base64tojson: pure(['string'], (text) => parsed(decoded(text))),
  endswith: pure(['string', 'string'], (text, end) => text.toLowerCase().endsWith(end.toLowerCase())),
  format: {
    least: 1,
    most: Infinity,
    run([pattern = null, ...args]) {
      if (typeof pattern !== 'string') throw misfit('format', 0, pattern, 'a string');
      return format(pattern, args);
    },
  },
  join: pure(['array', 'string'], (items, delimiter) => joined(items.map(textOf), delimiter)),
  json: pure(['string'], (text) => parsed(text)),
  padleft: pure(['any', 'integer'], padLeft, ['string']),
  replace: pure(['string', 'string', 'string'], (text, old, fresh) => {
    if (old === '') throw unfit('replace() is given nothing to replace.');
    return joined(text.split(old), fresh);
  }),
  split: pure(['string', 'any'], split),
  startswith: pure(['string', 'string'], (text, start) => text.toLowerCase().startsWith(start.toLowerCase())),
  string: pure(['any'], textOf),
  substring: pure(
    ['string', 'integer'],
    (text, from, length) => {
      const to = from + (length ?? text.length - from);
      if (from < 0 || to < from || to > text.length) throw unfit('substring() reaches beyond its text.');
      return text.slice(from, to);
    },
    ['integer'],
  ),
  tolower: pure(['string'], (text) => text.toLowerCase()),
  toupper: pure(['string'], (text) => text.toUpperCase()),
  trim: pure(['string'], (text) => text.trim()),
  uricomponent: pure(['string'], (text) => {
    if (!text.isWellFormed()) throw unfit('uriComponent() is given half a character.');
    return encodeURIComponent(text);
  }),
  uricomponenttostring: pure(['string'], (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw unfit('uriComponentToString() is given a percent sign that begins no encoded character.');
    }
  }),
};

export const concatenate = variadic('any', 1, (args) => joined(args.map(textOf), ''));

/** Joins what is sure to be within the bounds, before it is made. */
function joined(parts: readonly string[], delimiter: string): string {
  checkLength(parts.reduce((sum, part) => sum + part.length + delimiter.length, 0) - delimiter.length);
  return parts.join(delimiter);
}

/** As Azure has it, whose booleans begin with a capital outside of JSON. */
function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? '' : JSON.stringify(value);
}

/** Braces that are doubled stand for themselves; each that is left counts from zero. */
const PLACES = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

function format(pattern: string, args: readonly Json[]): string {
  const parts: string[] = [];
  let last = 0;
  for (const { 0: found, 1: place, index } of pattern.matchAll(PLACES)) {
    parts.push(pattern.slice(last, index), place === undefined ? brace(found) : textOf(argumentAt(place, args)));
    last = index + found.length;
  }
  return joined([...parts, pattern.slice(last)], '');
}

function brace(found: string): string {
  if (found.length === 1) throw unfit('format() has a brace that is neither doubled nor one of a pair.');
  return found.charAt(0);
}

function argumentAt(place: string, args: readonly Json[]): Json {
  if (!/^[0-9]{1,3}$/.test(place)) throw unfit('format() knows {0}, {1} and so on, with nothing else in the braces.');
  const arg = args[Number(place)];
  if (arg === undefined) throw unfit(`format() names {${place}}, and has no such argument.`);
  return arg;
}

function padLeft(value: Json, length: number, by: string | undefined): string {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw misfit('padLeft', 0, value, 'a string or an integer');
  if (by !== undefined && by.length !== 1) throw unfit('padLeft() pads with one character.');
  checkLength(length);
  return String(value).padStart(length, by);
}

function split(text: string, delimiters: Json): string[] {
  if (typeof delimiters === 'string') return delimiters === '' ? [text] : text.split(delimiters);
  if (!Array.isArray(delimiters)) throw misfit('split', 1, delimiters, 'a string or an array of them');
  if (delimiters.length === 0) return [text];
  const patterns = delimiters.map((one) => {
    const isOne = typeof one === 'string' && one.length > 0 && one.length <= MAX_DELIMITERS;
    if (!isOne)
      throw unfit(`A delimiter of several that split() is given is a text of 1 to ${MAX_DELIMITERS} characters.`);
    return one.replaceAll(/[^A-Za-z0-9]/gu, escaped);
  });
  if (patterns.length > MAX_DELIMITERS) throw unfit(`split() takes up to ${MAX_DELIMITERS} delimiters.`);
  return text.split(new RegExp(patterns.join('|'), 'u'));
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function decoded(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw unfit('The text is not in base64.');
  return Buffer.from(text, 'base64').toString();
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Its own message repeats the text.
    throw unfit('The text is no JSON.');
  }
}
