/**
 * Bodies that are made to cost: what an endpoint takes, with each of its parts replaced by the worst of its kind that
 * the reader lets through. For the test of what they cost at most, and for `npm run bench:bodies`, which measures it.
 */
import type { Endpoint } from '../../api/endpoint.ts';
import { endpoints } from '../../api/endpoints.ts';
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import { MAX_MEMBERS, parseJson } from '../../api/json.ts';
import { parseInput } from '../../api/parse.ts';
import { problemAnswer } from '../../api/problem.ts';
import { PlatformError } from '../../domain/errors.ts';
import { FULL_BODIES } from './full-bodies.ts';

export const LIMIT_BYTES = 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;

export interface HostileBody {
  name: string;
  bytes: Buffer;
}

/** What takes a body, or a line of one. */
export const takers = [...endpoints, ...internalEndpoints].filter(
  (endpoint) => endpoint.kind === 'feed' || endpoint.input.body !== undefined,
);

const times = (bytes: number, text: string) => text.repeat(Math.floor(bytes / text.length));
const list = (count: number, of: (at: number) => string) => Array.from({ length: count }, (_, at) => of(at)).join(',');
const many = (count: number, key: (at: number) => string, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [key(at), value]));

/** Of no endpoint in particular: the reader alone is to stand them. */
export function* hostileTexts(): Generator<HostileBody> {
  const texts: Record<string, string> = {
    'a list of ones': `[${times(LIMIT_BYTES - 8, '1,')}1]`,
    'lists within lists': times(LIMIT_BYTES / 2, '[') + times(LIMIT_BYTES / 2, ']'),
    'lists that never end': times(LIMIT_BYTES, '['),
    'empty objects': `[${times(LIMIT_BYTES - 8, '{},')}{}]`,
    '80,000 keys': `{${list(80_000, (at) => `"k${at}":1`)}}`,
    'as many keys as may be': `{${list(MAX_MEMBERS, (at) => `"a-rather-long-key-${at}":""`)}}`,
    'as many long keys as may be': `{${list(MAX_MEMBERS, (at) => `"${'k'.repeat(110)}${at}":""`)}}`,
    'keys of escapes': `{${list(MAX_MEMBERS, (at) => `"${'\\u0061'.repeat(19)}${at}":""`)}}`,
    'as many objects as may be': `[${list(MAX_MEMBERS, () => '{"a":{"b":{}}}')}]`,
    'one key again and again': `{${list(100_000, () => '"k":1')}}`,
    'one text': `"${times(LIMIT_BYTES - 2, 'a')}"`,
    escapes: `"${times(LIMIT_BYTES - 2, '\\n')}"`,
    'a text that never ends': `"${times(LIMIT_BYTES - 2, '\\"')}`,
    'empty lines': times(LIMIT_BYTES, '\n'),
    'empty lines, and then no JSON': `${times(LIMIT_BYTES - 1, '\n')}x`,
    'one long number': times(LIMIT_BYTES, '9'),
    'no UTF-8 at the end': `"${times(LIMIT_BYTES - 3, 'é')}`,
  };
  for (const [name, text] of Object.entries(texts)) yield { name, bytes: Buffer.from(text) };
  yield { name: 'no UTF-8', bytes: Buffer.alloc(LIMIT_BYTES, 0xff) };
}

/** Every part of every full body of the endpoint, replaced by the worst of each kind. */
export function* hostileBodies(endpoint: Endpoint): Generator<HostileBody> {
  const limit = endpoint.kind === 'feed' ? MAX_LINE_BYTES : LIMIT_BYTES;
  for (const full of fullBodiesOf(endpoint)) {
    for (const [path, part] of partsOf(full)) {
      for (const [what, worst] of worstOf(part, limit - Buffer.byteLength(JSON.stringify(full)) - 16)) {
        const bytes = Buffer.from(JSON.stringify(replaced(full, path, worst)));
        yield { name: `/${path.join('/')}: ${what}`, bytes };
      }
    }
  }
}

/** @throws Error a sentence for whoever added an endpoint */
export function fullBodiesOf({ method, route }: Endpoint): unknown[] {
  const bodies = FULL_BODIES[`${method} ${route}`];
  if (!bodies) throw new Error(`${method} ${route} takes a body: add one to test/_support/full-bodies.ts`);
  return bodies;
}

/** The body and all that is in it. */
function* partsOf(value: unknown, path: string[] = []): Generator<[string[], unknown]> {
  yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) yield* partsOf(part, [...path, key]);
}

/** Every text in it, with the way there. */
export function* textsOf(value: unknown): Generator<[path: string[], text: string]> {
  for (const [path, part] of partsOf(value)) if (typeof part === 'string') yield [path, part];
}

/** A copy with `by` at that place. */
export function replaced(value: unknown, [key, ...path]: string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = replaced(copy[key], path, by);
  return copy;
}

const LETTERS = ['a', 'A', '0', '-', '.', '/', 'a-', 'a.', 'a/', 'a__', '../', '1-', 'é', '\\'];

/** In place of `part`, each as large as fits into `room` bytes. */
function* worstOf(part: unknown, room: number): Generator<[what: string, worst: unknown]> {
  const budget = MAX_MEMBERS - 200;
  const count = (bytesEach: number, membersEach = 1) =>
    Math.min(Math.floor(room / bytesEach), Math.floor(budget / membersEach));
  if (typeof part !== 'object' || part === null) {
    for (const text of LETTERS)
      yield [`a text of ${text}`, times(room / Buffer.byteLength(JSON.stringify(text)), text)];
    if (typeof part === 'string') {
      yield ['a long end', part + times(room, '0')];
      yield ['a long middle', part.slice(0, -1) + times(room, '0') + part.slice(-1)];
      yield ['a wrong end', `${part + times(room, 'a')}!`];
    }
  }
  const own = typeof part === 'object' ? part : {};
  if (!Array.isArray(own)) {
    yield ['unknown fields', { ...own, ...many(count(20), (at) => `unknown-${at}`, 1) }];
    yield ['good names', { ...own, ...many(count(14), (at) => `A${at}`, '') }];
    yield ['bad names', { ...own, ...many(count(14), (at) => `a a${at}`, '') }];
    yield ['wrong values', { ...own, ...many(count(14), (at) => `A${at}`, 1) }];
    yield ['long names', { ...own, ...many(count(128), (at) => `A${at}${'A'.repeat(110)}`, '') }];
    yield ['deep names', { ...own, ...many(count(200), (at) => `${'a/'.repeat(90)}${at}`, '') }];
    yield ['one name', { ...own, [times(room - 8, 'A')]: '' }];
    yield ['one name of slashes', { ...own, [times(room - 8, '~/')]: '' }];
    return;
  }
  const first: unknown = own[0];
  const size = JSON.stringify(first);
  const copies = count(size.length + 8, size.split(',').length);
  yield ['copies', Array.from({ length: copies }, () => first)];
  yield ['empty objects', Array.from({ length: count(3) }, () => ({}))];
  yield ['empty lists', Array.from({ length: count(3) }, () => [])];
  yield ['numbers', Array.from({ length: count(2) }, () => 1)];
  yield ['names', Array.from({ length: count(9) }, (_, at) => `a${at}`)];
  if (typeof first === 'object' && first !== null) yield* manyOf(first, own.length, budget);
}

/** Many objects, each with few enough of what is wrong to pass for one that was mistaken. */
function* manyOf(one: object, least: number, budget: number): Generator<[string, unknown]> {
  for (const each of [5, 190]) {
    const length = Math.max(least, Math.floor(budget / (each + JSON.stringify(one).split(',').length)));
    yield [
      `${length} with unknown fields`,
      Array.from({ length }, () => ({ ...one, ...many(each, (at) => `u${at}`, 1) })),
    ];
    for (const [key, value] of Object.entries(one)) {
      if (typeof value !== 'object' || value === null) continue;
      const worst = Array.isArray(value)
        ? Array.from({ length: each }, (_, at) => `!${at}`)
        : { ...value, ...many(each, (at) => `!${at}`, 1) };
      yield [`${length} with bad ${key}`, Array.from({ length }, () => ({ ...one, [key]: worst }))];
    }
  }
  for (const [key, value] of Object.entries(one)) {
    if (typeof value !== 'string') continue;
    const length = Math.floor(budget / JSON.stringify(one).split(',').length);
    const others = Array.from({ length }, (_, at) => ({ ...one, [key]: `A${at}` }));
    yield [`${length} with another ${key} each`, others];
  }
}

/** What an endpoint makes of a body, up to the bytes of a refusal. */
export function judge(endpoint: Endpoint | null, bytes: Uint8Array): { answer: string } {
  try {
    const value = parseJson(bytes);
    const body = endpoint?.kind === 'feed' ? endpoint.line : endpoint?.input.body;
    if (body) parseInput({ input: { body }, check: endpoint?.check }, { params: {}, query: {}, body: value });
    return { answer: '' };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { answer: JSON.stringify(problemAnswer(error, 'trace-0').body) };
  }
}

/** CPU of this process in milliseconds: the best of `rounds`, or the first that is below `enough`. */
export function bestCostMs(run: () => void, rounds: number, enough = 0): number {
  let best = Infinity;
  for (let round = 0; round < rounds && best > enough; round += 1) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}
