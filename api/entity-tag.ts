/** Entity tags (RFC 9110): of what a GET shows. The same state has the same tag, whoever asks and on whichever process. */
import { createHash } from 'node:crypto';
import { PlatformError } from '../domain/errors.ts';
import type { Answer } from './endpoint.ts';

/** Strong: a hash of the body as it is sent. */
export function entityTag(body: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22)}"`;
}

/** The answer with its tag; without a body when the caller has it already. What is stored has to be asked about again. */
export function tagged(answer: Answer, ifNoneMatch: string | undefined): Answer {
  if (answer.status !== 200) return answer;
  const etag = entityTag(answer.body);
  const headers = { ...answer.headers, etag, 'cache-control': 'private, no-cache' };
  // A weak tag of ours is as good here: it was made of the same body.
  const known = ifNoneMatch === undefined ? [] : tagsIn(ifNoneMatch.replaceAll('W/', ''));
  return known.includes(etag) || known.includes('*')
    ? { status: 304, headers, body: undefined }
    : { ...answer, headers };
}

/** @throws PlatformError `PreconditionFailed` when the caller has seen another state than this one */
export function checkIfMatch(ifMatch: string, current: unknown): void {
  const wanted = tagsIn(ifMatch);
  // What is not there yet has no tag, and is no match for `*` either.
  if (current !== null && (wanted.includes('*') || wanted.includes(entityTag(current)))) return;
  throw new PlatformError('PreconditionFailed', 'It is not as If-Match says: somebody has changed it meanwhile.');
}

/** The tags of a header's list; what is no tag matches nothing. */
function tagsIn(list: string): string[] {
  return list.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
}
