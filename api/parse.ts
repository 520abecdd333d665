/** Input by its shapes: once, at the edge. */
import { z } from 'zod';
import { PlatformError, type FieldProblem } from '../domain/errors.ts';
import type { Endpoint } from './endpoint.ts';

/** The parts of a call before anything is known about them. */
export interface RawInput {
  params: unknown;
  query: unknown;
  body: unknown;
}

const NOTHING = z.strictObject({});
const NO_BODY = z.undefined({ error: 'takes no body' });
const MAX_PROBLEMS = 20;

/** @throws PlatformError `ValidationFailed` with every pointer, or what the endpoint's own check refuses. */
export function parseInput(endpoint: Pick<Endpoint, 'input' | 'check'>, raw: RawInput): unknown {
  const parts = [
    ['params', endpoint.input.params ?? NOTHING],
    ['query', endpoint.input.query ?? NOTHING],
    ['body', endpoint.input.body ?? NO_BODY],
  ] as const;
  const input: Record<string, unknown> = {};
  const problems: FieldProblem[] = [];
  let count = 0;
  for (const [part, shape] of parts) {
    const result = shape.safeParse(raw[part]);
    if (result.success) {
      input[part] = result.data;
      continue;
    }
    for (const issue of result.error.issues) {
      count += issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
      if (problems.length < MAX_PROBLEMS) problems.push(...problemsOf(part, issue, MAX_PROBLEMS - problems.length));
    }
  }
  if (count > 0) {
    const what = count === 1 ? 'One thing is' : `${count} things are`;
    throw new PlatformError('ValidationFailed', `${what} wrong with the input.`, { pointers: problems });
  }
  endpoint.check?.(input);
  return input;
}

function problemsOf(part: keyof RawInput, issue: z.core.$ZodIssue, most: number): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, most).map((key) => ({
      pointer: pointerOf(part, [...issue.path, key]),
      message: 'is not a known field',
    }));
  }
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return [{ pointer: pointerOf(part, issue.path), message }];
}

/** RFC 6901 into the body, `?name` for a query parameter, `{name}` for a path parameter; cut where it grows long. */
export function pointerOf(part: keyof RawInput, path: PropertyKey[]): string {
  const keys = path.map((key) => cut(String(key)));
  if (part === 'query') return cut(`?${keys.join('.')}`);
  if (part === 'params') return cut(`{${keys.join('.')}}`);
  return cut(keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
}

/** What is pointed at may be named by the caller, at any length. */
const MAX_POINTER = 200;

/** Before a name is worked on, too: it may be as long as the body. */
function cut(text: string): string {
  return text.length <= MAX_POINTER ? text : `${text.slice(0, MAX_POINTER).toWellFormed()}…`;
}
