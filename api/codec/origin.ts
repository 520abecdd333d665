/** Which pages may have payloads read from a browser: those of the Temporal UI. */
import type { NextFunction, Request, Response } from 'express';
import { CodecRefusal } from './refusal.ts';

const PREFLIGHT = {
  'access-control-allow-methods': 'POST',
  // The last one carries the UI's id token.
  'access-control-allow-headers': 'authorization, content-type, x-namespace, authorization-extras',
  'access-control-max-age': '600',
};

/** Answers preflights, and refuses every other origin before anything else is looked at. The CLI sends none. */
export function onlyFrom(uiOrigin: string) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { origin } = request.headers;
    response.setHeader('vary', 'origin');
    if (origin !== undefined && origin !== uiOrigin) {
      throw new CodecRefusal(403, `Only pages of ${uiOrigin} may call this (SLIPWAY_CODEC_UI_ORIGIN).`);
    }
    if (origin !== undefined) {
      response.setHeader('access-control-allow-origin', uiOrigin);
      response.setHeader('access-control-allow-credentials', 'true');
    }
    if (request.method !== 'OPTIONS') return next();
    for (const [name, value] of Object.entries(PREFLIGHT)) response.setHeader(name, value);
    response.status(204).end();
  };
}
