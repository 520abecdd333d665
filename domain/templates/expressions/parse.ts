/**
 * The language of expressions: a text in square brackets. `name(arguments)`, strings in single quotes, integers, and after
 * any of them `.member` and `[index]`. There are no operators: what others write with one is a function here.
 */
import { MAX_DEPTH, MAX_EXPRESSION } from '../bounds.ts';
import { Refusal } from '../refusal.ts';
import { tokensOf, type Token } from './tokens.ts';

export type Expression =
  | { kind: 'literal'; value: string | number; at: number }
  | Call
  | { kind: 'member'; of: Expression; name: Expression; at: number };

export interface Call {
  kind: 'call';
  name: string;
  args: Expression[];
  at: number;
}

export function isExpression(text: string): boolean {
  return text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[');
}

/** A text that is no expression, as it is meant: `[[x]` is how `[x]` is written. */
export function literalOf(text: string): string {
  return text.startsWith('[[') && text.endsWith(']') ? text.slice(1) : text;
}

/** @throws Refusal */
export function parse(text: string): Expression {
  if (text.length > MAX_EXPRESSION) {
    throw new Refusal('TooLarge', `An expression is longer than ${MAX_EXPRESSION} characters.`);
  }
  const parser = new Parser(tokensOf(text, 1, text.length - 1));
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression();
    this.#take('end');
    return expression;
  }

  #expression(): Expression {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Refusal('TooLarge', `An expression is more than ${MAX_DEPTH} levels deep.`);
    let expression = this.#first();
    for (let steps = 0; ; steps += 1) {
      const { at } = this.#peek();
      if (steps > MAX_DEPTH) throw new Refusal('TooLarge', `More than ${MAX_DEPTH} members follow each other.`, at);
      const name = this.#member();
      if (!name) break;
      expression = { kind: 'member', of: expression, name, at };
    }
    this.#depth -= 1;
    return expression;
  }

  #first(): Expression {
    const { kind, text, at } = this.#peek();
    if (kind === 'string') return this.#literal(text);
    if (kind === 'integer') {
      const value = Number(text);
      if (!Number.isSafeInteger(value)) throw new Refusal('InvalidExpression', 'This number is too large.', at);
      // There is one zero.
      return this.#literal(value + 0);
    }
    const name = this.#take('name', 'A function, a string or a number is missing.').text;
    this.#take('(', `${name} is no value: a function has its arguments in brackets.`);
    return { kind: 'call', name, args: this.#args(), at };
  }

  #literal(value: string | number): Expression {
    const { at } = this.#peek();
    this.#next += 1;
    return { kind: 'literal', value, at };
  }

  #args(): Expression[] {
    const args: Expression[] = [];
    if (this.#has(')')) return args;
    do args.push(this.#expression());
    while (this.#has(','));
    this.#take(')', 'A comma or a closing bracket is missing.');
    return args;
  }

  #member(): Expression | null {
    if (this.#has('.')) {
      const { text, at } = this.#take('name', 'The name of a member is missing.');
      return { kind: 'literal', value: text, at };
    }
    if (!this.#has('[')) return null;
    const index = this.#expression();
    this.#take(']', 'A closing square bracket is missing.');
    return index;
  }

  #peek(): Token {
    // The last token is the end, which nothing goes past.
    return this.#tokens[this.#next] as Token;
  }

  #has(sign: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'sign' || text !== sign) return false;
    this.#next += 1;
    return true;
  }

  #take(wanted: string, otherwise = 'Nothing may follow the expression.'): Token {
    const token = this.#peek();
    const isIt = token.kind === wanted || (token.kind === 'sign' && token.text === wanted);
    if (!isIt) throw new Refusal('InvalidExpression', otherwise, token.at);
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }
}
