import { request, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { standardHeaders } from '../../api/schema-version.ts';
import { traceIdOf } from '../../api/trace.ts';
import { leaveResponses, takeResponses, watchResponses } from '../_support/every-response.ts';
import { openHttpServer, type HttpServer } from '../_support/http-server.ts';

let server: HttpServer;
afterEach(() => server?.[Symbol.asyncDispose]());

const complete = () => standardHeaders(traceIdOf(undefined));

/** What is found wrong with the one answer that this server gives. */
async function found(headers: Record<string, string>, ask: (url: URL) => Promise<unknown>, listener?: RequestListener) {
  server = await openHttpServer(listener ?? ((_request, response) => response.writeHead(404, headers).end('{}')));
  const url = new URL(server.url);
  watchResponses(Number(url.port));
  await ask(url);
  leaveResponses(Number(url.port));
  return takeResponses();
}

const CLIENTS: [string, (url: URL) => Promise<unknown>][] = [
  ['fetch', async (url) => await (await fetch(url)).text()],
  [
    'node:http',
    async (url) => {
      const answered = Promise.withResolvers<IncomingMessage>();
      request(url, answered.resolve).once('error', answered.reject).end();
      return await text(await answered.promise);
    },
  ],
  [
    'a bare socket',
    async (url) => {
      const socket = connect(Number(url.port), url.hostname);
      socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      return await text(socket);
    },
  ],
];

describe.each(CLIENTS)('the watch over every response, asked by %s', (_name, ask) => {
  it('finds nothing wrong with a response that carries version and trace, and has seen it', async () => {
    const { wrong, seen } = await found(complete(), ask);
    expect(wrong).toEqual([]);
    expect(seen).toBeGreaterThan(0);
  });

  it.each([
    ['no version', { 'cs-schema-version': '' }],
    ['another version', { 'cs-schema-version': '0.9' }],
    ['no trace', { 'x-trace-id': '' }],
    ['a trace of another form', { 'x-trace-id': 'trace-1' }],
  ])('finds a response with %s', async (_what, change) => {
    const headers = Object.fromEntries(Object.entries({ ...complete(), ...change }).filter(([, value]) => value));
    const [name = ''] = Object.keys(change);
    const { wrong } = await found(headers, ask);
    expect(wrong.length).toBeGreaterThan(0);
    for (const line of wrong) expect(line).toContain(`was answered 404 with ${name}`);
  });

  it('finds one that comes in pieces', async () => {
    const { wrong } = await found({}, ask, (_request, response) => {
      response.writeHead(200);
      response.write('one\n');
      response.end('two\n');
    });
    expect(wrong.some((line) => line.includes('200'))).toBe(true);
  });
});

describe('the watch over every response', () => {
  it('sees what a server says to what is no HTTP', async () => {
    const ask = async (url: URL) => {
      const socket = connect(Number(url.port), url.hostname);
      socket.end('this is no HTTP\r\n\r\n');
      return await text(socket);
    };
    expect((await found({}, ask)).wrong[0]).toContain('was answered 400');
  });

  it('leaves the responses of others alone', async () => {
    server = await openHttpServer((_request, response) => response.end('hello'));
    await (await fetch(server.url)).text();
    expect(takeResponses()).toEqual({ wrong: [], seen: 0 });
  });
});
