/** The words of an expression. */
import { Refusal } from '../refusal.ts';

export interface Token {
  kind: 'name' | 'string' | 'integer' | 'sign' | 'end';
  /** A string without its quotes. */
  text: string;
  at: number;
}

const KINDS = [
  ['name', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['integer', /-?[0-9]+/y],
  ['string', /'(?:[^']|'')*'/y],
  ['sign', /[()[\],.]/y],
] as const;
const SPACE = /\s*/y;

/** @throws Refusal */
export function tokensOf(text: string, from: number, to: number): Token[] {
  const tokens: Token[] = [];
  let at = from;
  for (;;) {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)?.[0].length ?? 0;
    if (at >= to) return [...tokens, { kind: 'end', text: '', at: to }];
    const token = tokenAt(text, at);
    tokens.push(token.kind === 'string' ? { ...token, text: unquoted(token.text) } : token);
    at += token.text.length;
  }
}

function tokenAt(text: string, at: number): Token {
  for (const [kind, pattern] of KINDS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return { kind, text: found, at };
  }
  const message = text[at] === "'" ? 'A string has no closing quote.' : 'This character begins nothing.';
  throw new Refusal('InvalidExpression', message, at);
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll("''", "'");
}
