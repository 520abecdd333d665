/**
 * The universal name of a resource: `{rootScope}/providers/{namespace}/{type}/{name}`. A root scope is `/planes` and the
 * pairs after it, the plane first. Types nest (`…/{type}/{name}/{type}/{name}`); another `/providers/…` after a name is a
 * resource that extends the one before it; without its last name an id is that of a collection. Letters are kept as they
 * were written, and compared without their case.
 */
import { InvalidResourceId, type ResourceIdFault } from './resource-id-error.ts';

/** A type and a name of it: `resourceGroups/my-group`, `applications/my-app`. */
export interface Pair {
  readonly type: string;
  /** Null at the end of a collection, and nowhere else. */
  readonly name: string | null;
}

export interface Provided {
  readonly namespace: string;
  /** At least one; each is a type within the one before it. */
  readonly pairs: readonly Pair[];
}

export interface ResourceId {
  /** As it was written. */
  readonly text: string;
  /** The plane first. */
  readonly scopes: readonly Pair[];
  /** None in the id of a scope. Each extends the one before it. */
  readonly providers: readonly Provided[];
}

/** No cloud has a longer identifier (Cloud Control's are up to 1,024). */
const MAX_SEGMENT = 1_024;
const MAX_TEXT = 4_096;

/** @throws InvalidResourceId and nothing else */
export function parseResourceId(text: string): ResourceId {
  const [root, ...chunks] = chunksOf(segmentsOf(text));
  if (!root || !isWord(root.word, 'planes')) throw new InvalidResourceId('NoRoot', 0);
  const [first] = chunks;
  if (first && root.segments.length === 0) throw new InvalidResourceId('NoPlane', first.word.at);
  const scopes = pairsOf(root.segments, first && 'UnnamedScope');
  const providers = chunks.map(({ word, segments: [namespace, ...segments] }, index) => {
    if (!namespace) throw new InvalidResourceId('NoNamespace', word.at);
    if (segments.length === 0) throw new InvalidResourceId('NoType', namespace.at);
    const pairs = pairsOf(segments, chunks[index + 1] && 'UnnamedResource');
    return Object.freeze({ namespace: namespace.text, pairs });
  });
  return Object.freeze({ text, scopes, providers: Object.freeze(providers) });
}

/** The id that is named by the path of a URL, as it was sent. @throws InvalidResourceId and nothing else */
export function parseResourcePath(path: string): ResourceId {
  let at = 0;
  const segments = path.split('/').map((encoded) => {
    const text = decode(encoded, at);
    at += encoded.length + 1;
    return text;
  });
  return parseResourceId(segments.join('/'));
}

/** The path of its URL: one to one, for no segment holds a slash. */
export function pathOf({ text }: ResourceId): string {
  return text.split('/').map(encodeURIComponent).join('/');
}

/** What ids are compared and stored by. Of letters only the 26 have two cases here, so that every machine agrees. */
export function keyOf({ text }: ResourceId): string {
  return fold(text);
}

/** Whether it names many: the planes, the groups of one, the resources of a type. */
export function isCollection(id: ResourceId): boolean {
  return nameOf(id) === null;
}

/** The name of what it stands for; null for a collection. */
export function nameOf({ scopes, providers }: ResourceId): string | null {
  return (providers.at(-1)?.pairs ?? scopes).at(-1)?.name ?? null;
}

/** `Applications.Core/applications`, with the types that it lies within between them; null for a scope. */
export function typeOf({ providers }: ResourceId): string | null {
  const provided = providers.at(-1);
  return provided ? [provided.namespace, ...provided.pairs.map(({ type }) => type)].join('/') : null;
}

/** The scope that all of it lies in: what a scope itself is, and what a collection of scopes stands in. */
export function rootScopeOf({ text, scopes }: ResourceId): ResourceId {
  return upTo(text, 2 * scopes.filter(({ name }) => name !== null).length);
}

/** What it stands in: the resource around it or that it extends, else its root scope; of a scope, the one around it. */
export function parentOf({ text, scopes, providers }: ResourceId): ResourceId | null {
  const provided = providers.at(-1);
  const pairs = provided?.pairs ?? scopes;
  const last = pairs.at(-1);
  if (!last) return null;
  // With the first of a provider its namespace goes, and the word before that.
  const off = (last.name === null ? 1 : 2) + (provided && pairs.length === 1 ? 2 : 0);
  return upTo(text, text.split('/').length - 2 - off);
}

/** The first so many segments after the root. */
function upTo(text: string, segments: number): ResourceId {
  return parseResourceId(
    text
      .split('/')
      .slice(0, 2 + segments)
      .join('/'),
  );
}

interface Segment {
  text: string;
  at: number;
}

/** `planes` or `providers`, and what follows up to the next of these words. */
interface Chunk {
  word: Segment;
  segments: Segment[];
}

const CONTROL = /[\u0000-\u001f\u007f]/;

function segmentsOf(text: string): Segment[] {
  if (text.length > MAX_TEXT) throw new InvalidResourceId('TooLong', MAX_TEXT);
  if (!text.startsWith('/')) throw new InvalidResourceId('NoRoot', 0);
  let at = 1;
  return text
    .slice(1)
    .split('/')
    .map((part) => {
      const fault = faultOf(part);
      if (fault) throw new InvalidResourceId(fault, at);
      const segment = { text: part, at };
      at += part.length + 1;
      return segment;
    });
}

function faultOf(segment: string): ResourceIdFault | null {
  if (segment === '') return 'EmptySegment';
  if (segment.length > MAX_SEGMENT) return 'SegmentTooLong';
  // A URL that has one of these is another URL by the time it is sent.
  if (segment === '.' || segment === '..') return 'DotSegment';
  return CONTROL.test(segment) || !segment.isWellFormed() ? 'BadCharacter' : null;
}

/** `providers` is a word wherever it stands: nothing can have it for a name. */
function chunksOf(segments: Segment[]): Chunk[] {
  const chunks: Chunk[] = [];
  for (const segment of segments) {
    const current = chunks.at(-1);
    if (current && !isWord(segment, 'providers')) current.segments.push(segment);
    else chunks.push({ word: segment, segments: [] });
  }
  return chunks;
}

function isWord({ text }: Segment, word: string): boolean {
  return fold(text) === word;
}

function fold(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** @param unless what is wrong where the last has no name; undefined where it may have none */
function pairsOf(segments: Segment[], unless: ResourceIdFault | undefined): readonly Pair[] {
  const last = segments.at(-1);
  if (unless && last && segments.length % 2 === 1) throw new InvalidResourceId(unless, last.at);
  const pairs: Pair[] = [];
  for (let at = 0; at < segments.length; at += 2) {
    pairs.push(Object.freeze({ type: segments[at]?.text ?? '', name: segments[at + 1]?.text ?? null }));
  }
  return Object.freeze(pairs);
}

function decode(encoded: string, at: number): string {
  if (!encoded.includes('%')) return encoded;
  let text: string;
  try {
    text = decodeURIComponent(encoded);
  } catch {
    throw new InvalidResourceId('BadEncoding', at);
  }
  if (text.includes('/')) throw new InvalidResourceId('EncodedSlash', at);
  return text;
}
