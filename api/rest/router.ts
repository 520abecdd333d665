/** The one list of endpoints on HTTP: their routes under `/v1` and, answering alike, without a version. */
import { Router, type Request, type Response } from 'express';
import { PlatformError } from '../../domain/errors.ts';
import { deprecationHeaders } from '../deprecation.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer, Endpoint } from '../endpoint.ts';
import { VERSION_PREFIX } from '../paths.ts';
import { perform } from '../pipeline.ts';
import type { TraceId } from '../../domain/ids.ts';
import { readBodyLines } from './body-lines.ts';
import { readJsonBody } from './body.ts';
import { tagged } from '../entity-tag.ts';
import { EVENT_STREAM, sendEvents } from './events.ts';
import { sendLines } from './lines.ts';

const VERBS = { GET: 'get', POST: 'post', PATCH: 'patch', PUT: 'put' } as const;

/**
 * @param stopping aborted when the server stops: then streams end
 * @param running holds every call that has not come to its end yet
 */
export function buildRouter(
  deps: ApiDeps,
  endpoints: Endpoint[],
  stopping: AbortSignal,
  running: Set<Promise<void>>,
): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const [route, methods] of byRoute(endpoints)) {
    const pattern = route.replaceAll(/\{(\w+)\}/g, ':$1');
    const at = router.route([VERSION_PREFIX + pattern, pattern]);
    for (const endpoint of methods) {
      const handle = (request: Request, response: Response) => {
        if (endpoint.deprecated) response.set(deprecationHeaders(endpoint.deprecated));
        const call = answerCall(deps, endpoint, request, response, stopping);
        running.add(call);
        return call.finally(() => running.delete(call));
      };
      at[VERBS[endpoint.method]](handle);
    }
    const allow = methods.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
    at.all(() => {
      throw new PlatformError('MethodNotAllowed', `This path answers ${allow}.`, { details: { allow } });
    });
  }
  return router;
}

/** One for all: to make one costs more than most answers do. */
const LEFT = new DOMException('The call is over.', 'AbortError');

async function answerCall(
  deps: ApiDeps,
  endpoint: Endpoint,
  request: Request,
  response: Response,
  stopping: AbortSignal,
): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort(LEFT));
  const signal = AbortSignal.any([left.signal, stopping]);
  const {
    authorization = [],
    'idempotency-key': keys,
    'if-match': tags,
    'last-event-id': seen,
  } = request.headersDistinct;
  const outcome = await perform(deps, endpoint, {
    traceId: traceOf(response),
    credentials: { authorization, tokenInQuery: 'access_token' in request.query },
    params: request.params,
    query: { ...request.query },
    readBody: () => readJsonBody(request, response),
    readLines: () => readBodyLines(request, signal),
    idempotencyKey: keys?.join(', '),
    ifMatch: tags?.join(', '),
    lastEventId: seen?.[0],
    signal,
  });
  if (outcome.kind === 'answer') {
    const known = request.get('if-none-match');
    send(response, endpoint.kind === 'read' ? tagged(outcome.answer, known) : outcome.answer);
  } else if (request.method === 'HEAD') {
    const type = outcome.kind === 'watch' ? EVENT_STREAM : 'application/x-ndjson';
    response.status(200).setHeader('content-type', type).end();
  } else if (endpoint.kind === 'watch' && outcome.kind === 'watch') {
    await sendEvents(response, endpoint, outcome.send);
  } else if (outcome.kind === 'stream') {
    // What comes in after the acknowledgments have ended is not read.
    if (endpoint.kind === 'feed') response.setHeader('connection', 'close');
    await sendLines(response, outcome.lines, outcome.signal);
  }
}

export function send(response: Response, { status, headers, body }: Answer): void {
  response.status(status);
  if (status !== 304) response.setHeader('content-type', 'application/json');
  setAll(response, headers);
  response.end(status === 304 ? undefined : JSON.stringify(body));
}

export function setAll(response: Response, headers: Record<string, string> = {}): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** The trace that `server.ts` has given this call. */
export function traceOf(response: Response): TraceId {
  return response.locals.traceId as TraceId;
}

function byRoute(endpoints: Endpoint[]): Map<string, Endpoint[]> {
  const routes = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) routes.set(endpoint.route, [...(routes.get(endpoint.route) ?? []), endpoint]);
  return routes;
}
