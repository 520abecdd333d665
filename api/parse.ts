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
  for (const [part, shape] of parts) {
    const result = shape.safeParse(raw[part]);
    if (result.success) input[part] = result.data;
    else problems.push(...result.error.issues.flatMap((issue) => problemsOf(part, issue)));
  }
  if (problems.length > 0) {
    const what = problems.length === 1 ? 'One thing is' : `${problems.length} things are`;
    throw new PlatformError('ValidationFailed', `${what} wrong with the input.`, {
      pointers: problems.slice(0, MAX_PROBLEMS),
    });
  }
  endpoint.check?.(input);
  return input;
}

function problemsOf(part: keyof RawInput, issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MAX_PROBLEMS).map((key) => ({
      pointer: cut(pointerOf(part, [...issue.path, key])),
      message: 'is not a known field',
    }));
  }
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return [{ pointer: cut(pointerOf(part, issue.path)), message }];
}

/** What is pointed at may be named by the caller, at any length. */
const MAX_POINTER = 200;

function cut(pointer: string): string {
  return pointer.length <= MAX_POINTER ? pointer : `${pointer.slice(0, MAX_POINTER)}…`;
}

/** RFC 6901 into the body, `?name` for a query parameter, `{name}` for a path parameter. */
export function pointerOf(part: keyof RawInput, path: PropertyKey[]): string {
  if (part === 'query') return `?${path.map(String).join('.')}`;
  if (part === 'params') return `{${path.map(String).join('.')}}`;
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
