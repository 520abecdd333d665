/** What the admin APIs of supervisor and proxy share: the bearer token, JSON bodies, faults as `{code, message}`. */
import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import { z } from 'zod';
import { OperationFault, type FailureCode } from '../../domain/failures.ts';

const STATUS_OF: Partial<Record<FailureCode, number>> = {
  FenceRefused: 409,
  PortsExhausted: 409,
  ImageNotFound: 404,
  SecretNotFound: 404,
  ComputeUnavailable: 503,
};

/** `GET /healthz` answers without a token; everything in `router` needs it. */
export function adminApp(router: Router, options: { token: string; log(sentence: string): void }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  app.use(bearer(options.token));
  app.use(express.json({ limit: '16mb' }));
  app.use(router);
  app.use((req, res) => {
    res.status(404).json({ code: 'InternalFault', message: `no route ${req.method} ${req.path}` });
  });
  app.use(faults(options.log));
  return app;
}

function bearer(token: string): RequestHandler {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return (req, res, next) => {
    if (timingSafeEqual(digest(req.headers.authorization ?? ''), expected)) next();
    else
      res.status(401).json({ code: 'ComputeUnavailable', message: 'the bearer token is missing or not the right one' });
  };
}

function faults(log: (sentence: string) => void): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const { status, code, message } = describe(error);
    if (status >= 500) log(`${req.method} ${req.path} failed: ${String(error)}`);
    res.status(status).json({ code, message });
  };
}

function describe(error: unknown): { status: number; code: FailureCode; message: string } {
  if (error instanceof OperationFault) {
    const { code, message } = error.failure;
    return { status: STATUS_OF[code] ?? 500, code, message };
  }
  if (error instanceof z.ZodError) return { status: 400, code: 'InternalFault', message: z.prettifyError(error) };
  const status = (error as { status?: unknown }).status;
  if (typeof status === 'number' && status < 500) return { status, code: 'InternalFault', message: String(error) };
  return { status: 500, code: 'InternalFault', message: 'an unexpected error; the log has more' };
}
