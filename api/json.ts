/** Bodies as values: strict JSON, no key twice, no depth or character that later parts could stumble over. */
import { PlatformError } from '../domain/errors.ts';

const MAX_DEPTH = 32;
/** Of a list's items and an object's fields, all together: far above any body that means something. */
export const MAX_MEMBERS = 8_192;
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** @throws PlatformError `MalformedJson` with the place in the text. */
export function parseJson(bytes: Uint8Array): unknown {
  checkExtent(bytes);
  const text = decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(syntaxMessage(error, text));
  }
  checkStructure(text);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('The body is not UTF-8.');
  }
}

/** V8's sentences quote the body; only the place leaves the process. */
function syntaxMessage(error: unknown, text: string): string {
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
  const at = position === undefined ? text.length : Number(position);
  let [line, from] = [1, 0];
  for (let before = 0; before < at; before += 1) {
    if (text.charCodeAt(before) !== LINE_FEED) continue;
    line += 1;
    from = before + 1;
  }
  return `The body is not JSON: unexpected ${at >= text.length ? 'end' : 'character'} at line ${line}, column ${at - from + 1} (position ${at}).`;
}

const [LINE_FEED, QUOTE, COMMA, BACKSLASH] = [0x0a, 0x22, 0x2c, 0x5c];
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/** Before anything is made of it: depth and members cost whoever parses them much more than whoever sends them. */
function checkExtent(bytes: Uint8Array): void {
  let [depth, members, isText] = [0, 0, false];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (isText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COMMA) members += 1;
    else if (OPENING.includes(byte)) depth += 1;
    else if (CLOSING.includes(byte)) depth -= 1;
    if (depth > MAX_DEPTH) throw malformed(`The body is nested deeper than ${MAX_DEPTH} levels (position ${at}).`);
    if (members >= MAX_MEMBERS) throw malformed(`The body has more than ${MAX_MEMBERS} members (position ${at}).`);
  }
}

/** `text` is known to be JSON: its strings and brackets alone tell keys. */
function checkStructure(text: string): void {
  const open: (Set<string> | null)[] = [];
  let last: string | null = null;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : null);
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      addKey(open.at(-1), last, index);
    } else if (token !== ',') {
      last = JSON.parse(token) as string;
      if (!last.isWellFormed() || last.includes('\u0000')) {
        throw malformed(`The body has a NUL or half a character (position ${index}).`);
      }
    }
  }
}

function addKey(keys: Set<string> | null | undefined, key: string | null, index: number): void {
  if (!keys || key === null) return;
  if (key === '__proto__') throw malformed(`The body has a key that is not allowed (position ${index}).`);
  if (keys.has(key)) throw malformed(`The body has a key twice (position ${index}).`);
  keys.add(key);
}

function malformed(message: string): PlatformError {
  return new PlatformError('MalformedJson', message);
}
