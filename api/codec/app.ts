/**
 * The codec server: reads and writes private payloads for the Temporal UI and CLI, by Temporal's protocol for remote
 * codecs. It stands apart from the API, because whoever may call it reads the payloads of all tenants.
 */
import type { PayloadCodec } from '@temporalio/common';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import type { TokenVerifier } from '../auth/token.ts';
import { callerOf } from './caller.ts';
import { onlyFrom } from './origin.ts';
import { CodecRefusal, codecRefusalOf } from './refusal.ts';
import { signInRoutes } from './sign-in.ts';
import { onWire, payloadsOf } from './wire.ts';

export interface CodecAppOptions {
  codec: PayloadCodec;
  /** Of the internal audience. */
  tokens: TokenVerifier;
  /** The one of which the payloads are. */
  namespace: string;
  /** Where browsers find the Temporal UI. */
  uiOrigin: string;
  /** Whether browsers speak TLS to it. */
  isSecure: boolean;
  log: Pick<Logger, 'info' | 'error'>;
}

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
/** Temporal takes a payload of 2 MB, which is a third longer in base64. */
const readBody = express.json({ limit: '4mb', inflate: false });

export function codecApp(options: CodecAppOptions): Express {
  const { tokens, uiOrigin, isSecure, log } = options;
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use((_request, response, next) => {
    response.set(SECURITY_HEADERS);
    next();
  });
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.use(signInRoutes(tokens, isSecure));
  for (const direction of ['decode', 'encode'] as const) {
    app.all(`/${direction}`, onlyFrom(uiOrigin), onlyPost, (request, response) =>
      convert(options, direction, request, response),
    );
  }
  app.use(() => {
    throw new CodecRefusal(404, 'There is nothing at this path.');
  });
  // Express tells an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const refusal = codecRefusalOf(error);
    const { path } = request;
    if (refusal.status >= 500) log.error({ err: error, path }, 'a call failed');
    // The UI and the CLI do not say why they were refused.
    else log.info({ path, status: refusal.status, reason: refusal.message }, 'refused');
    if (response.headersSent) response.destroy();
    else response.status(refusal.status).type('text/plain').send(refusal.message);
  });
  return app;
}

function onlyPost({ method }: Request, response: Response, next: NextFunction): void {
  if (method === 'POST') return next();
  response.setHeader('allow', 'POST, OPTIONS');
  throw new CodecRefusal(405, 'This path answers POST.');
}

/** The caller first: nothing of the body is read before. */
async function convert(
  { codec, tokens, namespace, log }: CodecAppOptions,
  direction: 'decode' | 'encode',
  request: Request,
  response: Response,
): Promise<void> {
  const { subject, clientId } = await callerOf(tokens, request);
  const asked = request.get('x-namespace');
  if (asked !== undefined && asked !== namespace) {
    throw new CodecRefusal(400, `This codec server is for the namespace ${namespace}.`);
  }
  const payloads = payloadsOf(await bodyOf(request, response));
  const converted = await codec[direction](payloads);
  log.info({ subject, clientId, direction, payloads: payloads.length }, 'payloads for somebody');
  response.json({ payloads: converted.map(onWire) });
}

async function bodyOf(request: Request, response: Response): Promise<unknown> {
  await new Promise<void>((resolve, reject) => {
    readBody(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error as Error)));
  });
  return request.body;
}
