import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidResourceId } from '../../../domain/resources/resource-id-error.ts';
import {
  isCollection,
  keyOf,
  parentOf,
  parseResourceId,
  parseResourcePath,
  pathOf,
  rootScopeOf,
  type ResourceId,
} from '../../../domain/resources/resource-id.ts';

/** How many ids; the full count is asked for by `RESOURCE_IDS=100000`. */
const RESOURCE_IDS = Number(process.env.RESOURCE_IDS ?? 5_000);
const runs = { numRuns: RESOURCE_IDS };
const TIMEOUT_MS = 60_000 + 5 * RESOURCE_IDS;

/** What a segment may be, by a grammar of its own: nothing of the parser is asked. */
const SEGMENT = '(?!providers(?:/|$))(?!\\.{1,2}(?:/|$))[^/\\u0000-\\u001f\\u007f]{1,1024}';
const SCOPES = `/planes(?:/${SEGMENT}/${SEGMENT})`;
const PAIRS = `(?:/${SEGMENT}/${SEGMENT})`;
const GRAMMAR = new RegExp(
  `^(?:${SCOPES}*(?:/${SEGMENT})?` +
    `|${SCOPES}+(?:/providers/${SEGMENT}${PAIRS}+)*/providers/${SEGMENT}(?:${PAIRS}+|${PAIRS}*/${SEGMENT}))$`,
  // By code units, as half characters are judged apart.
  'i',
);
const isId = (text: string) => text.length <= 4_096 && text.isWellFormed() && GRAMMAR.test(text);

const name = fc
  .oneof(
    fc.constantFrom(
      'local',
      'my-app',
      'Applications.Core',
      '01234556789',
      'a b',
      '%2F',
      'arn:aws:s3:::b',
      'Providers2',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 300 }),
  )
  .filter((segment) => !segment.includes('/') && isId(`/planes/${segment}`));

const pairs = (minLength: number) =>
  fc.array(fc.tuple(name, name), { minLength, maxLength: 3 }).map((all) => all.flat());
const provided = (minLength: number) =>
  fc.tuple(name, pairs(minLength)).map(([namespace, rest]) => ['providers', namespace, ...rest]);
const last = fc.option(name).map((segment) => (segment === null ? [] : [segment]));

/** Ids of every kind, by their segments. */
const segments = fc.oneof(
  fc.tuple(pairs(0), last),
  fc.tuple(
    pairs(1),
    fc.array(provided(1), { maxLength: 2 }).map((all) => all.flat()),
    provided(1),
  ),
  fc.tuple(
    pairs(1),
    fc.array(provided(1), { maxLength: 2 }).map((all) => all.flat()),
    provided(0),
    name.map((one) => [one]),
  ),
);
const idText = segments
  .map((parts) => ['', 'planes', ...parts.flat()].join('/'))
  .filter((text) => text.length <= 4_096);

/** Near an id, and anything else. */
const anyText = fc.oneof(
  fc
    .array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc.constantFrom('planes', 'PLANES', 'providers', 'Providers', 'radius', 'local', 'Ns', 't'),
        },
        fc.constantFrom('', '.', '..', '%2F', '%2e', '%', '%ff', '\u0000', '\ud800', 'ı', 'n'.repeat(1_025)),
        fc.string({ unit: 'binary', maxLength: 5 }),
      ),
      { maxLength: 12 },
    )
    .map((parts) => `/${parts.join('/')}`),
  fc.tuple(idText, fc.nat(), fc.constantFrom('/', '//', '/providers', '', '/.', '\n')).map(([text, at, piece]) => {
    const cut = at % (text.length + 1);
    return text.slice(0, cut) + piece + text.slice(cut + (at % 3));
  }),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

/** Null when it is refused: by the parser's own error, or the test fails. */
function parsed(parse: (text: string) => ResourceId, text: string): ResourceId | null {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof InvalidResourceId)) throw error;
    expect(error.position).toBeGreaterThanOrEqual(0);
    expect(error.position).toBeLessThanOrEqual(text.length);
    return null;
  }
}

describe(`of ${RESOURCE_IDS} random ids`, { timeout: TIMEOUT_MS }, () => {
  it('each is read and written again exactly, as a text and as a path that every URL keeps', () => {
    fc.assert(
      fc.property(idText, (text) => {
        const id = parseResourceId(text);
        expect(id.text).toBe(text);
        const { scopes, providers } = id;
        const again = [
          scopes,
          ...providers.map(({ namespace, pairs: own }) => [{ type: 'providers', name: namespace }, ...own]),
        ];
        const written = again.flat().flatMap(({ type, name: own }) => (own === null ? [type] : [type, own]));
        expect(['', 'planes', ...written].join('/')).toBe(text);
        expect(parseResourcePath(pathOf(id))).toEqual(id);
        expect(new URL(`http://localhost${pathOf(id)}`).pathname).toBe(pathOf(id));
      }),
      runs,
    );
  });

  it('each is the same as itself in another case, and stands in ids that are its beginnings', () => {
    fc.assert(
      fc.property(idText, (text) => {
        const id = parseResourceId(text);
        const louder = text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase());
        expect(keyOf(parseResourceId(louder))).toBe(keyOf(id));
        expect(keyOf(parseResourceId(keyOf(id)))).toBe(keyOf(id));
        let inner = id;
        for (let outer = parentOf(inner); outer; outer = parentOf(inner)) {
          expect(inner.text.startsWith(`${outer.text}/`)).toBe(true);
          expect(isCollection(outer)).toBe(outer.scopes.length === 0);
          inner = outer;
        }
        expect(inner.text.toLowerCase()).toBe('/planes');
        expect(`${text}/`.startsWith(`${rootScopeOf(id).text}/`)).toBe(true);
        expect(rootScopeOf(id).providers).toEqual([]);
      }),
      runs,
    );
  });
});

it(
  `takes of ${RESOURCE_IDS} random texts those that the grammar has, and refuses the others by its own error`,
  { timeout: TIMEOUT_MS },
  () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const id = parsed(parseResourceId, text);
        expect(id !== null).toBe(isId(text));
        if (id) expect(id.text).toBe(text);
        const ofPath = parsed(parseResourcePath, text);
        if (ofPath) expect(parseResourcePath(pathOf(ofPath))).toEqual(ofPath);
      }),
      runs,
    );
  },
);
