import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../api/endpoints.ts';
import { openApiText } from '../../api/openapi/document.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { checkAnswer, document } from '../_support/contract.ts';

let stand: ApiStand;
beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(() => stand?.[Symbol.asyncDispose]());

describe('/openapi.json', () => {
  it('is the document, without a token', async () => {
    const { status, body, headers } = await stand.call('GET', '/openapi.json', { token: null });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toEqual(JSON.parse(openApiText(endpoints)));
  });

  it('answers 405 to another method', async () => {
    expect((await stand.call('POST', '/openapi.json', { token: null })).headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('/docs', () => {
  it('names every operation, and neither runs a script nor reads anything from elsewhere', async () => {
    const response = await fetch(`${stand.api.rest.url}/docs`);
    const page = await response.text();
    checkAnswer({ method: 'GET', path: '/docs', status: response.status, headers: response.headers, text: page });
    for (const path of Object.values(document.paths)) {
      for (const { operationId } of Object.values(path)) expect(page).toContain(`<article id="${operationId}">`);
    }
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son\w+=|\sstyle=|javascript:/);
    expect(page).not.toMatch(/(?:src|href)="(?!#|\/openapi\.json)/);
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
  });

  it('has a target for each of its links', async () => {
    const page = await (await fetch(`${stand.api.rest.url}/docs`)).text();
    for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${target}"`);
  });
});

describe('the check of answers that the whole suite goes through', () => {
  const observed = async (change: object = {}) => {
    const { status, headers } = await stand.call('GET', '/healthz', { token: null });
    return { method: 'GET', path: '/healthz', status, headers, text: '{"status":"ok"}', ...change };
  };

  it.each([
    ['a status', { status: 418 }, /no such status/],
    ['a field', { text: '{"status":"ok","colour":"red"}' }, /additional properties/],
    ['a value', { text: '{"status":"well"}' }, /status/],
    [
      'a media type',
      { headers: new Headers({ 'cs-schema-version': '1.0', 'x-trace-id': `trace-${'0'.repeat(32)}` }) },
      /media/,
    ],
    ['that a header is missing', { headers: new Headers() }, /cs-schema-version is missing/],
  ])('sees %s that is not in the document', async (_name, change, message) => {
    const well = await observed();
    expect(() => checkAnswer(well)).not.toThrow();
    expect(() => checkAnswer({ ...well, ...change })).toThrow(message);
  });

  it.each([
    ['event: end\ndata: {"code":"Ended","detail":"Enough."}\n\n', null],
    ['event: end\ndata: {"code":"Bored","detail":"Enough."}\n\n', /anyOf/],
    ['event: end\ndata: {"type":"opened","revision":1,"eventId":null}\n\n', /anyOf/],
    ['event: opened\ndata: {"type":"opened","revision":1,"eventId":null}\n\n', null],
    ['event: opened\ndata: {"type":"opened","eventId":null}\n\n', /anyOf/],
    ['event: skipped\ndata: {"skipped":0}\n\n', /anyOf/],
  ])('holds the data of each event against what the document says of it: %j', async (event, message) => {
    const { headers, ...rest } = await observed({ path: '/v1/runtime/environments/env-1/events' });
    const stream = { ...rest, headers: new Headers(headers), text: `retry: 2000\n\n${event}` };
    stream.headers.set('content-type', 'text/event-stream');
    if (message) expect(() => checkAnswer(stream)).toThrow(message);
    else expect(() => checkAnswer(stream)).not.toThrow();
  });
});
