import { credentials, status } from '@grpc/grpc-js';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RuntimeInventory } from '../../proto/gen/slipway/runtime/v1/runtime_inventory_pb.js';
import { openApiStand, type ApiStand, type RunningApi } from '../_support/api.ts';
import { openAuthority, type Certificate } from '../_support/certificates.ts';
import { openGrpcClient } from '../_support/grpc.ts';
import { callHttps } from '../_support/https.ts';

const ours = openAuthority('ours');
const clients = openAuthority('clients');
const server = ours.issue('slipway');
const YESTERDAY = new Date(Date.now() - 86_400_000);

let stand: ApiStand;
let plain: RunningApi;
let tls: RunningApi;
let mutual: RunningApi;
beforeAll(async () => {
  stand = await openApiStand();
  plain = stand.api;
  tls = await stand.start({}, { tls: server });
  mutual = await stand.start({}, { tls: { ...server, clientCa: clients.cert } });
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const get = (api: RunningApi, options: object = {}) =>
  callHttps(`${api.rest.url}/v1/runtime/environments/env-none`, { ca: ours.cert, ...options });

/** The status of a gRPC call, which is NOT_FOUND past the token. */
async function grpc(api: RunningApi, certificate?: Certificate): Promise<status | undefined> {
  const secure = credentials.createSsl(ours.cert, certificate?.key, certificate?.cert);
  using client = openGrpcClient(api.grpc.port, secure);
  const headers = { authorization: `Bearer ${await stand.token()}` };
  const request = { environmentId: 'env-none' };
  return (await client.unary(RuntimeInventory.method.getServices, request, headers)).error?.code;
}

describe('TLS', () => {
  it('serves REST and gRPC with the configured certificate', async () => {
    expect(tls.rest.url).toMatch(/^https:/);
    const headers = { authorization: `Bearer ${await stand.token()}` };
    expect((await get(tls, { headers })).status).toBe(404);
    expect(await grpc(tls)).toBe(status.NOT_FOUND);
  });

  it('is not believed by a client that does not know its authority', async () => {
    await expect(get(tls, { ca: clients.cert })).rejects.toThrow(/certificate|issuer/);
  });

  it('tells clients to go on with it, also in refusals, what is no HTTP included', async () => {
    const hsts = { 'strict-transport-security': 'max-age=31536000' };
    expect(await get(tls)).toMatchObject({ status: 401, headers: hsts });
    expect(await callHttps(`${tls.rest.url}/healthz`, { ca: ours.cert })).toMatchObject({ status: 200, headers: hsts });
    const socket = connectTls({ port: tls.rest.port, host: '127.0.0.1', ca: ours.cert });
    socket.end('HELLO\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/strict-transport-security: max-age=31536000\r\n/);
  });

  it('is not spoken of on plain loopback, and is where a proxy before the API speaks it', async () => {
    const header = async (api: RunningApi) =>
      (await fetch(`${api.rest.url}/healthz`)).headers.get('strict-transport-security');
    expect(await header(plain)).toBeNull();
    expect(await header(await stand.start({}, { isSecure: true }))).toBe('max-age=31536000');
  });

  it('refuses TLS 1.1', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(get(tls, old)).rejects.toThrow();
  });

  it('answers plain HTTP on its port with nothing', async () => {
    const socket = connect(tls.rest.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await text(socket).catch(() => '')).not.toContain('HTTP/1.1 200');
  });
});

describe('mutual TLS', () => {
  it('lets in a client whose certificate is of the configured authority; the token is still asked for', async () => {
    const client = clients.issue('pipeline');
    expect((await get(mutual, client)).status).toBe(401);
    expect(await grpc(mutual, client)).toBe(status.NOT_FOUND);
  });

  it.each<[string, Certificate | undefined]>([
    ['no certificate', undefined],
    ['one of another authority', openAuthority('others').issue('pipeline')],
    ["one of the server's authority", ours.issue('pipeline')],
    ['one that has expired', clients.issue('pipeline', { from: new Date(0), to: YESTERDAY })],
    ['one of an authority that only has the name', openAuthority('clients').issue('pipeline')],
  ])('refuses %s, on REST and gRPC', async (_what, client) => {
    await expect(get(mutual, { ...client })).rejects.toThrow();
    expect(await grpc(mutual, client)).toBe(status.UNAVAILABLE);
  });
});
