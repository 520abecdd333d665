import { exportJWK, importJWK, type CryptoKey, type JWTPayload } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openIssuerKeys } from '../../api/auth/keys.ts';
import { openKeyIssuer, tokenOfNobody, type KeyIssuer } from '../_support/key-issuer.ts';

let issuer: KeyIssuer;
beforeEach(async () => {
  issuer = await openKeyIssuer();
});
afterEach(async () => {
  vi.useRealTimers();
  await issuer[Symbol.asyncDispose]();
});

/** Only the clock is ours: requests and their limits are real. */
function pass(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

const invalid = { code: 'TokenInvalid' };

describe('tokens', () => {
  it.each(['RS256', 'ES256', 'PS256'])('verify with a key of %s', async (alg) => {
    await issuer.publish('k', alg);
    expect(await issuer.verifier()(await issuer.token('k', { alg }))).toEqual({
      subject: 's',
      clientId: 'c',
      scopes: new Set(['a', 'b']),
      tenantClaim: 't',
      expiresAtMs: expect.any(Number) as number,
    });
  });

  it("do not verify with an algorithm other than the key's", async () => {
    await issuer.publish('k', 'RS256');
    const sameKey = await exportJWK(issuer.signers.get('k') as CryptoKey);
    issuer.signers.set('k', (await importJWK(sameKey, 'PS256')) as CryptoKey);
    await expect(issuer.verifier()(await issuer.token('k', { alg: 'PS256' }))).rejects.toMatchObject(invalid);
  });

  it('do not verify with an algorithm that is not accepted', async () => {
    await issuer.publish('k', 'RS512');
    await expect(issuer.verifier()(await issuer.token('k', { alg: 'RS512' }))).rejects.toMatchObject(invalid);
  });

  it.each(['exp', 'iat', 'sub', 'jti', 'client_id'])('do not verify without %s', async (claim) => {
    await issuer.publish('k');
    const token = await issuer.token('k', { claims: { [claim]: undefined } });
    await expect(issuer.verifier()(token)).rejects.toMatchObject(invalid);
  });

  it('are given 30 s for clocks that differ, and no more', async () => {
    await issuer.publish('k');
    const now = Math.floor(Date.now() / 1000);
    const verify = issuer.verifier();
    const judge = async (claims: JWTPayload) => await verify(await issuer.token('k', { claims }));
    await expect(judge({ exp: now - 20 })).resolves.toBeDefined();
    await expect(judge({ exp: now - 40 })).rejects.toMatchObject({ code: 'TokenExpired' });
    await expect(judge({ iat: now + 40 })).rejects.toMatchObject(invalid);
    await expect(judge({ nbf: now + 40 })).rejects.toMatchObject(invalid);
  });
});

describe("the issuer's keys", () => {
  it('are read once for many calls at once', async () => {
    await issuer.publish('k');
    const verify = issuer.verifier();
    const token = await issuer.token('k');
    await Promise.all(Array.from({ length: 50 }, () => verify(token)));
    expect(issuer.looks).toBe(1);
  });

  it('are read once more for a new key id, however many calls come with it', async () => {
    await issuer.publish('old');
    const verify = issuer.verifier();
    await verify(await issuer.token('old'));
    await issuer.publish('new');
    const token = await issuer.token('new');
    await Promise.all(Array.from({ length: 50 }, () => verify(token)));
    expect(issuer.looks).toBe(2);
  });

  it('are read twice for ten thousand key ids of nobody within a minute, and known ones verify all the time', async () => {
    await issuer.publish('k');
    const verify = issuer.verifier();
    for (let n = 0; n < 10_000; n += 1) {
      pass(6);
      await expect(verify(tokenOfNobody(`none-${n}`))).rejects.toMatchObject(invalid);
      if (n % 100 !== 0) continue;
      // Another token each time: one that is verified already needs no key.
      await verify(await issuer.token('k', { claims: { jti: String(n) } }));
    }
    expect(issuer.looks).toBeLessThanOrEqual(2);
  });

  it('are read twice when ten thousand key ids of nobody come at once', async () => {
    await issuer.publish('k');
    const verify = issuer.verifier();
    const flood = Array.from({ length: 10_000 }, (_, n) => verify(tokenOfNobody(`none-${n}`)));
    const answers = await Promise.allSettled([verify(await issuer.token('k')), ...flood]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(answers[0]?.status).toBe('fulfilled');
    expect(issuer.looks).toBeLessThanOrEqual(2);
  });

  it('are read again a minute after a flood, so that a new one is known by then', async () => {
    await issuer.publish('k');
    const verify = issuer.verifier();
    for (const kid of ['none-1', 'none-2', 'none-3'])
      await expect(verify(tokenOfNobody(kid))).rejects.toMatchObject(invalid);
    await issuer.publish('new');
    await expect(verify(await issuer.token('new'))).rejects.toMatchObject(invalid);
    pass(60_001);
    await expect(verify(await issuer.token('new'))).resolves.toBeDefined();
    expect(issuer.looks).toBe(3);
  });

  it('are read once for one key id of nobody that comes again and again: the second look is left for others', async () => {
    await issuer.publish('k');
    const verify = issuer.verifier({ looksPerMinute: 3 });
    for (let n = 0; n < 20; n += 1) await expect(verify(tokenOfNobody('none'))).rejects.toMatchObject(invalid);
    expect(issuer.looks).toBe(2);
    await issuer.publish('new');
    await expect(verify(await issuer.token('new'))).resolves.toBeDefined();
  });

  it('are never guessed among: a token without a key id is refused where there are two, and where there is one', async () => {
    await issuer.publish('one');
    const verify = issuer.verifier();
    await expect(verify(await issuer.token('one', { header: { kid: undefined } }))).rejects.toMatchObject(invalid);
    await issuer.publish('two');
    const afresh = issuer.verifier();
    for (const kid of ['one', 'two']) {
      const nameless = await issuer.token(kid, { header: { kid: undefined } });
      await expect(afresh(nameless)).rejects.toMatchObject(invalid);
      await expect(afresh(await issuer.token(kid))).resolves.toBeDefined();
    }
    const misnamed = await issuer.token('one', { header: { kid: 'two' } });
    await expect(afresh(misnamed)).rejects.toMatchObject(invalid);
  });

  it('are not read for a key id that is longer than any is', async () => {
    await issuer.publish('k');
    const verify = issuer.verifier();
    await expect(verify(tokenOfNobody('k'.repeat(257)))).rejects.toMatchObject(invalid);
    await expect(verify(tokenOfNobody('k'.repeat(1_000_000)))).rejects.toMatchObject(invalid);
    expect(issuer.looks).toBe(0);
  });

  it('take verified tokens with them when they are removed', async () => {
    await issuer.publish('k');
    await issuer.publish('other');
    const verify = issuer.verifier();
    const token = await issuer.token('k');
    await verify(token);
    issuer.published = issuer.published.filter(({ kid }) => kid !== 'k');
    await issuer.publish('new');
    // Makes it look at the keys again.
    await verify(await issuer.token('new'));
    await expect(verify(token)).rejects.toMatchObject(invalid);
  });

  it('are no longer believed ten minutes after they were removed, although nothing asks for new ones', async () => {
    await issuer.publish('k');
    await issuer.publish('other');
    const verify = issuer.verifier();
    const token = await issuer.token('k', { claims: { exp: Math.floor(Date.now() / 1000) + 3_600 } });
    await verify(token);
    issuer.published = issuer.published.filter(({ kid }) => kid !== 'k');
    pass(600_000);
    await expect(verify(token)).rejects.toMatchObject(invalid);
  });

  it('are not taken from an issuer that calls itself otherwise', async () => {
    await issuer.publish('k');
    const keys = openIssuerKeys({ issuer: `${issuer.url}/` });
    await expect(keys.check()).rejects.toMatchObject({ code: 'IssuerUnavailable' });
  });
});
