/** Queries as forms write them, each name with its value or values. */
import { parse, type ParsedUrlQuery } from 'node:querystring';
import { PlatformError } from '../../domain/errors.ts';

/** @throws PlatformError `MalformedRequest` for what is no text, which would else be taken for another one */
export function parseQuery(query: string | null): ParsedUrlQuery {
  try {
    decodeURIComponent(query ?? '');
  } catch {
    throw new PlatformError('MalformedRequest', 'The query is not percent-encoded UTF-8.');
  }
  return parse(query ?? '');
}
