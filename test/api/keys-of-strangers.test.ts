/** A token names its key by `kid`, and that is all it says about keys: what it brings along or points to is never used. */
import { createPublicKey } from 'node:crypto';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publicMethods } from '../../api/grpc/methods.ts';
import { openIssuerKeys } from '../../api/auth/keys.ts';
import { openTokenVerifier } from '../../api/auth/token.ts';
import { openApiStand, type ApiStand, type RunningApi } from '../_support/api.ts';
import { certificateOf } from '../_support/certificates.ts';
import { forgeToken, SIGNERS, STRANGERS } from '../_support/forge-token.ts';
import { openGrpcClient, wordsOf, type GrpcClient } from '../_support/grpc.ts';
import { openHttpServer, type HttpServer } from '../_support/http-server.ts';

const PATH = '/v1/runtime/environments/env-none';
const OWN = createPublicKey(STRANGERS.rsa).export({ format: 'jwk' });
const CERTIFICATE = certificateOf(STRANGERS.rsa);
const [getServices] = publicMethods;

let stand: ApiStand;
let attacker: HttpServer;
let client: GrpcClient;
/** What the attacker's server was asked for. */
let asked: string[] = [];
beforeAll(async () => {
  stand = await openApiStand();
  client = openGrpcClient(stand.api.grpc.port);
  attacker = await openHttpServer(({ url = '' }, response) => {
    asked.push(url);
    const isCertificate = url.startsWith('/x5u');
    response.setHeader('content-type', isCertificate ? 'application/x-pem-file' : 'application/json');
    response.end(isCertificate ? CERTIFICATE : JSON.stringify({ keys: [{ ...OWN, kid: 'theirs', alg: 'RS256' }] }));
  });
});
afterAll(async () => {
  client?.[Symbol.dispose]();
  await attacker?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  asked = [];
});

const der = CERTIFICATE.replaceAll(/-----.*-----|\n/g, '');

describe('a token that its own key has signed', () => {
  it.each<[string, (url: string) => Record<string, unknown>]>([
    ['jwk, the key itself', () => ({ jwk: OWN })],
    ['jku, a key set', (url) => ({ jku: `${url}/jku` })],
    ['x5u, a certificate', (url) => ({ x5u: `${url}/x5u` })],
    ['x5c, the certificate itself', () => ({ x5c: [der] })],
    ['x5t, its thumbprint', () => ({ x5t: 'AAAA', 'x5t#S256': 'AAAA' })],
    ['all of them', (url) => ({ jwk: OWN, jku: `${url}/jku`, x5u: `${url}/x5u`, x5c: [der] })],
    ['an iss in the header', (url) => ({ iss: url })],
  ])('opens nothing by %s, and nobody is asked', async (_what, header) => {
    // By the name of the issuer's key, by one of their own, and by the address as a name.
    for (const named of [{}, { kid: 'theirs' }, { kid: `${attacker.url}/jku` }]) {
      const token = forgeToken(stand.config, {
        header: { ...header(attacker.url), ...named },
        signer: SIGNERS.otherRsa,
      });
      const reply = await stand.call('GET', PATH, { token });
      expect(reply.body).toMatchObject({ status: 401, code: 'TokenInvalid' });
      const { error } = await client.unary(getServices?.method as never, {} as never, bearer(token));
      expect(wordsOf(error)).toBe('UNAUTHENTICATED TokenInvalid');
    }
    expect(asked).toEqual([]);
  });

  it('opens nothing as the issuer that it says it is, and that one is not asked', async () => {
    const claims = { iss: attacker.url };
    const token = forgeToken(stand.config, { header: { kid: 'theirs' }, claims, signer: SIGNERS.otherRsa });
    expect((await stand.call('GET', PATH, { token })).status).toBe(401);
    expect(asked).toEqual([]);
  });
});

describe('a good token', () => {
  it('is good whatever keys it brings along, and none of them is looked at', async () => {
    const header = { jwk: OWN, jku: `${attacker.url}/jku`, x5u: `${attacker.url}/x5u`, x5c: [der] };
    const reply = await stand.call('GET', PATH, { token: forgeToken(stand.config, { header }) });
    expect(reply.body.code).toBe('EnvironmentNotFound');
    expect(asked).toEqual([]);
  });
});

describe('what a token says of its key', () => {
  const KIDS = {
    'several lines': 'nobody\r\n{"level":50,"msg":"forged"}\r\n',
    'control characters': '\u001b[2J\u0007\u0000\u2028\u0085',
    'right-to-left letters': '\u202egnp.drowssap',
    SQL: "'; drop table operations; --",
    'a format': '%s %d ${jndi:ldap://127.0.0.1/a} {{7*7}}',
  };
  let lines: string[];
  let api: RunningApi;
  let down: RunningApi;
  beforeAll(async () => {
    const log = pino({ level: 'trace' }, { write: (text) => void lines.push(text) });
    api = await stand.start({ log });
    // Nobody listens there: each refusal is told to the log.
    const keys = openIssuerKeys({ issuer: 'http://127.0.0.1:9' });
    down = await stand.start({ log, tokens: openTokenVerifier({ ...stand.config.oidc, keys }) });
  });
  beforeEach(() => {
    lines = [];
  });
  afterEach(() => {
    for (const line of lines) {
      // One line each, with nothing that a terminal would take for an order.
      expect(line).toMatch(/^\{[^\p{Cc}\u2028\u2029\u202e]*\}\n$/u);
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) as number });
    }
    expect(lines.join('')).not.toMatch(/forged|drop table|jndi|drowssap/);
  });

  it.each(Object.entries(KIDS))('is not in the log: %s', async (_what, kid) => {
    const token = forgeToken(stand.config, { header: { kid } });
    expect((await stand.call('GET', PATH, { token, api })).status).toBe(401);
    expect(lines).toEqual([]);
    expect((await stand.call('GET', PATH, { token, api: down })).status).toBe(503);
    expect(lines).toHaveLength(1);
  });

  it('is refused at any length that a header has', async () => {
    for (const length of [256, 257, 4_000, 8_000]) {
      const token = forgeToken(stand.config, { header: { kid: 'k'.repeat(length) } });
      const reply = await stand.call('GET', PATH, { token, api });
      expect(reply.body).toMatchObject({ status: 401, code: 'TokenInvalid' });
    }
  });

  it('is not read where it makes a header larger than one may be', async () => {
    const token = forgeToken(stand.config, { header: { kid: 'k'.repeat(1_000_000) } });
    const answer = await raw(api, `GET ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toMatch(/cs-schema-version: 1\.0/);
    expect(answer).toMatch(/content-type: application\/problem\+json/);
    expect(answer).toMatch(/x-content-type-options: nosniff/);
    expect(answer).not.toContain('kkkk');
  });
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function raw({ rest }: RunningApi, text: string): Promise<string> {
  const socket = connect(rest.port, '127.0.0.1');
  let answer = '';
  // The rest of what is sent meets a closed door.
  socket.on('error', () => undefined).write(text);
  await new Promise((resolve) => socket.on('data', (chunk) => (answer += String(chunk))).once('close', resolve));
  return answer;
}
