import { createHash } from 'node:crypto';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openIssuerKeys } from '../../api/auth/keys.ts';
import { openTokenVerifier } from '../../api/auth/token.ts';
import { codecApp } from '../../api/codec/app.ts';
import { onWire, type WirePayload } from '../../api/codec/wire.ts';
import { ENCRYPTED, openPayloadCodec } from '../../workflows/payload-codec.ts';
import { parsePayloadKeys } from '../../workflows/payload-keys.ts';
import { openHttpServer, type HttpServer } from '../_support/http-server.ts';
import { openKeyIssuer, type KeyIssuer } from '../_support/key-issuer.ts';
import { oneKey } from '../_support/payload-keys.ts';

const UI = 'http://127.0.0.1:8233';
const SCOPE = 'runtime.payloads.read';

let issuer: KeyIssuer;
let server: HttpServer;
let codec: PayloadCodec;
let encrypted: WirePayload;
let good: string;
const logged: Record<string, unknown>[] = [];

const codecOf = async (id: string) => openPayloadCodec(await parsePayloadKeys(JSON.stringify(oneKey(id))));
const token = (claims: Record<string, unknown> = {}) =>
  issuer.token('k', { claims: { aud: 'slipway-internal', scope: SCOPE, ...claims } });

beforeAll(async () => {
  issuer = await openKeyIssuer();
  await issuer.publish('k');
  codec = await codecOf('one');
  const keys = openIssuerKeys({ issuer: issuer.url });
  const app = codecApp({
    codec,
    tokens: openTokenVerifier({ issuer: issuer.url, audience: 'slipway-internal', keys }),
    namespace: 'slipway',
    uiOrigin: UI,
    isSecure: false,
    log: { info: (what: object) => logged.push({ ...what }), error: (what: object) => logged.push({ ...what }) },
  });
  server = await openHttpServer(app);
  good = await token();
  encrypted = onWire(await encode('deploy release-2026.6.11'));
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await issuer?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  logged.length = 0;
});

async function encode(text: string): Promise<Payload> {
  const [payload] = await codec.encode([defaultPayloadConverter.toPayload(text)]);
  if (!payload) throw new Error('there is none');
  return payload;
}

interface Ask {
  path?: string;
  method?: string;
  /** Null sends none. @default a good one */
  bearer?: string | null;
  headers?: Record<string, string>;
  /** @default the encrypted payload */
  body?: string;
}

async function ask({ path = '/decode', method = 'POST', bearer = good, headers = {}, body }: Ask = {}) {
  const reply = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-namespace': 'slipway',
      ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    ...(method === 'POST' && { body: body ?? JSON.stringify({ payloads: [encrypted] }) }),
  });
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}

const payloadsIn = (text: string) => (JSON.parse(text) as { payloads: WirePayload[] }).payloads;
const valuesIn = (text: string) =>
  payloadsIn(text).map(({ data }) => JSON.parse(Buffer.from(data, 'base64').toString()) as unknown);

describe('the codec server', () => {
  it('decodes what is encrypted, in order, and gives plain payloads back as they are', async () => {
    const plain = onWire(defaultPayloadConverter.toPayload('plain'));
    const { status, headers, text } = await ask({ body: JSON.stringify({ payloads: [plain, encrypted, plain] }) });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(valuesIn(text)).toEqual(['plain', 'deploy release-2026.6.11', 'plain']);
    expect(payloadsIn(text)[1]?.metadata).toEqual(plain.metadata);
  });

  it('encodes what somebody sends to a workflow', async () => {
    const plain = onWire(defaultPayloadConverter.toPayload({ reason: 'looks good' }));
    const { text } = await ask({ path: '/encode', body: JSON.stringify({ payloads: [plain] }) });
    const [payload] = payloadsIn(text);
    expect(Buffer.from(payload?.metadata.encoding ?? '', 'base64').toString()).toBe(ENCRYPTED);
    const decoded = await ask({ body: text });
    expect(valuesIn(decoded.text)).toEqual([{ reason: 'looks good' }]);
  });

  it('takes a list of none, payloads without data or metadata, and fields it does not know', async () => {
    expect(payloadsIn((await ask({ body: '{"payloads":[]}' })).text)).toEqual([]);
    expect(payloadsIn((await ask({ body: '{}' })).text)).toEqual([]);
    const { text } = await ask({ body: '{"payloads":[{"externalPayloads":[]},{"metadata":null,"data":null}]}' });
    expect(payloadsIn(text)).toEqual([
      { metadata: {}, data: '' },
      { metadata: {}, data: '' },
    ]);
  });

  it('notes who reads how many payloads, and nothing of what they hold', async () => {
    await ask();
    expect(logged).toEqual([{ subject: 's', clientId: 'c', direction: 'decode', payloads: 1 }]);
  });

  it('notes why it refuses, which neither UI nor CLI says', async () => {
    await ask({ bearer: null });
    expect(logged).toEqual([{ path: '/decode', status: 401, reason: 'This call needs a bearer token.' }]);
  });

  it('answers a look at its health without a token', async () => {
    expect((await ask({ path: '/healthz', method: 'GET', bearer: null })).status).toBe(200);
  });
});

interface Refused extends Ask {
  what: string;
  status: number;
  says: string | RegExp;
}

const bodyOf = (payload: object) => JSON.stringify({ payloads: [payload] });

describe('the codec server refuses', () => {
  it.each<Refused>([
    { what: 'no token', bearer: null, status: 401, says: 'This call needs a bearer token.' },
    { what: 'no real token', bearer: 'abc', status: 401, says: 'The token is not a signed JWT.' },
    { what: 'a token in the query', path: '/decode?access_token=x', status: 401, says: /not taken from the query/ },
    { what: 'another namespace', headers: { 'x-namespace': 'theirs' }, status: 400, says: /namespace slipway\.$/ },
    { what: 'another method', method: 'GET', status: 405, says: 'This path answers POST.' },
    { what: 'another path', path: '/decrypt', status: 404, says: 'There is nothing at this path.' },
    { what: 'no JSON', body: '{"payloads', status: 400, says: 'The body is not JSON.' },
    { what: 'another type', headers: { 'content-type': 'text/plain' }, status: 400, says: /^The body has to be/ },
    { what: 'another form', body: '{"payloads":{}}', status: 400, says: /^The body has to be/ },
    { what: 'no base64', body: bodyOf({ data: 'ä' }), status: 400, says: /^The body has to be/ },
    { what: 'too many', body: `{"payloads":[${'{},'.repeat(1_000)}{}]}`, status: 400, says: /at most 1000/ },
    { what: 'too much', body: bodyOf({ data: 'A'.repeat(4 << 20) }), status: 413, says: /too large/ },
    { what: 'a compressed body', headers: { 'content-encoding': 'gzip' }, status: 415, says: /not be compressed/ },
  ])('$what', async ({ what: _what, status, says, ...asked }) => {
    const reply = await ask(asked);
    expect(reply.text).toMatch(says);
    expect(reply.status).toBe(status);
    expect(reply.text).not.toContain('deploy');
  });

  it.each([
    ['of the public audience', { aud: 'slipway' }, 401, 'The token is for another audience.'],
    [
      'without the scope',
      { scope: 'runtime.audit.read runtime.payloads.reader' },
      403,
      `does not carry the scope ${SCOPE}.`,
    ],
    ['that has expired', { exp: 1_000_000_000 }, 401, 'The token has expired.'],
  ])('a token %s, to read and to write', async (_what, claims, status, says) => {
    const bearer = await token(claims);
    for (const path of ['/decode', '/encode']) {
      const reply = await ask({ path, bearer });
      expect(reply.status, path).toBe(status);
      expect(reply.text, path).toContain(says);
    }
  });

  it('what was changed, or is of a key it lacks, with the sentence that says which', async () => {
    const other = await codecOf('two');
    const [theirs] = await other.encode([defaultPayloadConverter.toPayload('theirs')]);
    const lacking = await ask({ body: bodyOf(onWire(theirs ?? {})) });
    expect(lacking).toMatchObject({ status: 422, text: expect.stringContaining('the payload key "two"') as unknown });
    const changed = Buffer.from(encrypted.data, 'base64').fill(0, 20, 21);
    const broken = await ask({ body: bodyOf({ ...encrypted, data: changed.toString('base64') }) });
    expect(broken).toMatchObject({ status: 422, text: expect.stringContaining('it was changed since') as unknown });
  });

  it('a caller before it has read what the caller sends', async () => {
    expect((await ask({ bearer: null, body: '{"payloads' })).status).toBe(401);
  });
});

describe('a page', () => {
  const preflight = (origin: string) =>
    ask({
      method: 'OPTIONS',
      bearer: null,
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-namespace',
      },
    });

  it('of the Temporal UI may call, with its credentials', async () => {
    const allowed = await preflight(UI);
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': expect.stringMatching(/authorization.*content-type.*x-namespace/) as unknown,
      vary: 'origin',
    });
    const reply = await ask({ headers: { origin: UI } });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('access-control-allow-origin')).toBe(UI);
  });

  it('of the Temporal UI can read a refusal too', async () => {
    const reply = await ask({ bearer: null, headers: { origin: UI } });
    expect(reply.status).toBe(401);
    expect(reply.headers.get('access-control-allow-origin')).toBe(UI);
  });

  it.each(['http://localhost:8233', 'https://127.0.0.1:8233', 'http://127.0.0.1:82330', 'null'])(
    'of %s may not, not even with a good token',
    async (origin) => {
      for (const reply of [await preflight(origin), await ask({ headers: { origin } })]) {
        expect(reply.status).toBe(403);
        expect(reply.headers.get('access-control-allow-origin')).toBeNull();
      }
    },
  );
});

describe('a browser', () => {
  const signIn = (given: string) =>
    ask({
      path: '/sign-in',
      bearer: null,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token: given }).toString(),
    });

  it('signs in with a token once, and then sends a cookie that no script sees and no other site sends', async () => {
    const bearer = await token({ exp: Math.floor(Date.now() / 1000) + 500 });
    const { status, headers } = await signIn(`${bearer.slice(0, 70)}\r\n${bearer.slice(70)}\n`);
    expect(status).toBe(200);
    const cookie = headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^slipway-codec=[^;]+; Path=\/; Max-Age=(49\d|500); HttpOnly; SameSite=Strict$/);
    const signedIn = { origin: UI, cookie: `theirs=1; ${cookie.split(';')[0]}` };
    expect(valuesIn((await ask({ bearer: null, headers: signedIn })).text)).toEqual(['deploy release-2026.6.11']);
    const elsewhere = { ...signedIn, origin: 'http://127.0.0.1:9999' };
    expect((await ask({ bearer: null, headers: elsewhere })).status).toBe(403);
  });

  it.each([
    ['no token', async () => await Promise.resolve(''), 401],
    ['a token of a tenant', () => token({ aud: 'slipway' }), 401],
    ['a token without the scope', () => token({ scope: 'runtime.audit.read' }), 403],
    ['a token too long for a cookie', () => token({ padding: 'x'.repeat(4_000) }), 413],
  ])('does not sign in with %s', async (_what, make, status) => {
    const reply = await signIn(await make());
    expect(reply.status).toBe(status);
    expect(reply.headers.get('set-cookie')).toBeNull();
  });

  it('is not signed in by a cookie that is no token, or by one beside a bad header', async () => {
    const cookie = (value: string) => ({ origin: UI, cookie: `slipway-codec=${value}` });
    expect((await ask({ bearer: null, headers: cookie('abc') })).status).toBe(401);
    expect((await ask({ bearer: 'abc', headers: cookie(good) })).status).toBe(401);
  });

  it('gets a page that can do nothing but show its own style and send its form here', async () => {
    const { headers, text } = await ask({ path: '/', method: 'GET', bearer: null });
    const style = /<style>(.*)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
    expect(text).toContain('<form method="post" action="/sign-in">');
  });
});
