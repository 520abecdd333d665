/** Reads a request's body, bounded. */
import express, { type Request, type Response } from 'express';
import { PlatformError } from '../../domain/errors.ts';
import { parseJson } from '../json.ts';

const LIMIT_BYTES = 1024 * 1024;
const readRaw = express.raw({ type: () => true, limit: LIMIT_BYTES, inflate: false });

/** The body as a value; undefined when there is none. @throws PlatformError `BodyTooLarge`, `UnsupportedMediaType`, `MalformedJson` */
export async function readJsonBody(request: Request, response: Response): Promise<unknown> {
  await new Promise<void>((resolve, reject) => {
    readRaw(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(translate(error))));
  });
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return undefined;
  const type = request.headers['content-type'] ?? '';
  if (
    !/^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i.test(type) ||
    /charset=(?!"?utf-?8"?\s*(?:;|$))/i.test(type)
  ) {
    throw new PlatformError('UnsupportedMediaType', 'The body has to be application/json in UTF-8.');
  }
  return parseJson(bytes);
}

function translate(error: unknown): unknown {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new PlatformError('BodyTooLarge', `The body is larger than ${LIMIT_BYTES / 1024} kB.`);
    case 'encoding.unsupported':
      return new PlatformError('UnsupportedMediaType', 'The body may not be compressed.');
    case 'request.aborted':
    case 'request.size.invalid':
      return new PlatformError('MalformedJson', 'The body ended early.');
    default:
      return error;
  }
}
