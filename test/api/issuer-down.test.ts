/** An issuer that answers wrongly: what is known goes on for an hour, and nothing wrong takes its place (ADR 0040). */
import type { RequestListener } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openKeyIssuer, tokenOfNobody, type KeyIssuer } from '../_support/key-issuer.ts';

const HOUR_MS = 3_600_000;
const TIMEOUT_MS = 300;

let issuer: KeyIssuer;
/** Where redirects lead: it has the same keys. */
let elsewhere: KeyIssuer;
beforeEach(async () => {
  [issuer, elsewhere] = [await openKeyIssuer(), await openKeyIssuer()];
});
afterEach(async () => {
  vi.useRealTimers();
  await issuer[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

const at = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: ms });
/** Another token each time: one that is verified already needs no key. */
const known = async (jti: string) =>
  await issuer.token('k', { claims: { jti, exp: Math.floor(Date.now() / 1000) + 600 } });

const json =
  (value: unknown): RequestListener =>
  (_request, response) =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
const set = (keys: unknown) => json({ keys });
const privateJwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
/** As good as a key set can be, but for its length. */
const long: RequestListener = (_request, response) => {
  const filler = 'x'.repeat(10 * 1024 * 1024);
  response.end(JSON.stringify({ keys: issuer.published, filler }));
};
const redirect: RequestListener = (_request, response) => {
  elsewhere.published = issuer.published;
  response.writeHead(302, { location: `${elsewhere.url}/jwks` }).end();
};
const drip: RequestListener = (_request, response) => {
  response.write('{"keys":[');
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};

const WRONG: [string, RequestListener][] = [
  ['500', (_request, response) => void response.writeHead(500).end()],
  ['500 with a good set', (_request, response) => void response.writeHead(500).end(keySet())],
  ['nothing at all', () => undefined],
  ['a body without an end', drip],
  ['a redirect', redirect],
  ['10 MB', long],
  ['an empty set', set([])],
  ['HTML', (_request, response) => void response.setHeader('content-type', 'text/html').end('<!doctype html><p>Hello')],
  ['an empty body', (_request, response) => void response.end()],
  ['null', json(null)],
  ['no list of keys', set({ k: 1 })],
  ['a list of no keys', set([null, 1, 'k'])],
  ['symmetric keys', set([{ kty: 'oct', kid: 'k', k: 'c2VjcmV0' }])],
  ['private keys', set([{ ...privateJwk, kid: 'k' }])],
  ['keys to encrypt with', (_request, response) => void response.end(keySet({ use: 'enc' }))],
  ['keys without an id', (_request, response) => void response.end(keySet({ kid: undefined }))],
  ['a closed connection', (request) => void request.socket.destroy()],
];
const keySet = (change: object = {}) =>
  JSON.stringify({ keys: issuer.published.map((key) => ({ ...key, ...change })) });

describe.each(WRONG)('an issuer that answers %s', (_what, listener) => {
  it.each(['keySet', 'discovery'] as const)('for its %s leaves known keys in force for an hour', async (which) => {
    await issuer.publish('k');
    const start = Date.now();
    const verify = issuer.verifier({ timeoutMs: TIMEOUT_MS });
    await verify(await known('first'));

    issuer.instead = { [which]: listener };
    for (const ms of [1_000, 301_000, 1_800_000, HOUR_MS - 60_000]) {
      at(start + ms);
      await expect(verify(await known(`at ${ms}`))).resolves.toBeDefined();
      await expect(verify(tokenOfNobody(`at ${ms}`))).rejects.toMatchObject({ code: 'TokenInvalid' });
    }
    expect(elsewhere.looks).toBe(0);

    at(start + HOUR_MS + 60_000);
    await expect(verify(await known('too late'))).rejects.toMatchObject({ code: 'IssuerUnavailable' });
    await expect(verify(tokenOfNobody('too late'))).rejects.toMatchObject({ code: 'IssuerUnavailable' });

    issuer.instead = {};
    at(start + HOUR_MS + 62_000);
    await expect(verify(await known('in time again'))).resolves.toBeDefined();
  });

  it('from the start is unavailable, for every token, until it answers', async () => {
    await issuer.publish('k');
    const verify = issuer.verifier({ timeoutMs: TIMEOUT_MS });
    issuer.instead = { keySet: listener };
    await expect(verify(await known('1'))).rejects.toMatchObject({ code: 'IssuerUnavailable' });
    await expect(verify(tokenOfNobody('none'))).rejects.toMatchObject({ code: 'IssuerUnavailable' });
    issuer.instead = {};
    at(Date.now() + 2_000);
    await expect(verify(await known('2'))).resolves.toBeDefined();
  });
});

describe('an issuer that does not answer', () => {
  it('is asked twice a minute by a flood of unknown key ids, and holds up no known one after the first', async () => {
    await issuer.publish('k');
    const start = Date.now();
    const failures = vi.fn();
    const verify = issuer.verifier({ timeoutMs: TIMEOUT_MS, onFailure: failures });
    await verify(await known('first'));
    issuer.instead = { keySet: () => undefined };
    issuer.looks = 0;
    for (let n = 0; n < 1_000; n += 1) {
      at(start + 301_000 + n * 60);
      await expect(verify(tokenOfNobody(`none-${n}`))).rejects.toMatchObject({ code: 'TokenInvalid' });
      if (n === 600) await expect(verify(await known('meanwhile'))).resolves.toBeDefined();
    }
    expect(issuer.looks).toBe(2);
    // The second of them may be on its way still.
    await vi.waitFor(() => expect(failures).toHaveBeenCalledTimes(2));
    expect(failures).toHaveBeenLastCalledWith(expect.objectContaining({ code: 'IssuerUnavailable' }));
  });

  it('is given no more than the time of one look, for every call together', async () => {
    await issuer.publish('k');
    const verify = issuer.verifier({ timeoutMs: TIMEOUT_MS });
    await verify(await known('first'));
    issuer.instead = { discovery: drip };
    const start = performance.now();
    await Promise.allSettled(Array.from({ length: 200 }, (_, n) => verify(tokenOfNobody(`none-${n}`))));
    expect(performance.now() - start).toBeLessThan(TIMEOUT_MS * 5);
  });
});

describe('a key set', () => {
  it('with one wrong key among good ones is taken for the good ones', async () => {
    await issuer.publish('k');
    issuer.published.push({ kty: 'RSA', kid: 'broken', n: 'AQAB' }, { kty: 'oct', kid: 'secret', k: 'c2VjcmV0' });
    const verify = issuer.verifier();
    await expect(verify(await known('1'))).resolves.toBeDefined();
    await expect(verify(tokenOfNobody('secret'))).rejects.toMatchObject({ code: 'TokenInvalid' });
  });

  it('of 60 KB is taken', async () => {
    await issuer.publish('k');
    issuer.published.push({ kty: 'RSA', kid: 'long', n: 'A'.repeat(60_000), e: 'AQAB' });
    await expect(issuer.verifier()(await known('1'))).resolves.toBeDefined();
  });
});
