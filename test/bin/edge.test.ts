import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../bin/config-error.ts';
import { readEdge } from '../../bin/edge.ts';
import { openAuthority } from '../_support/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'sle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const authority = openAuthority('ours');
const [one, other] = [authority.issue('one'), authority.issue('other')];
const cert = { SLIPWAY_TLS_CERT_FILE: file('cert', one.cert) };
const key = { SLIPWAY_TLS_KEY_FILE: file('key', one.key) };
const clientCa = { SLIPWAY_TLS_CLIENT_CA_FILE: file('ca', authority.cert) };

describe('readEdge', () => {
  it('is plain and on loopback unless told otherwise', () => {
    const edge = {
      host: '127.0.0.1',
      internalHost: '127.0.0.1',
      codecHost: '127.0.0.1',
      tls: undefined,
      isSecure: false,
      shutdownDelaySeconds: 0,
    };
    expect(readEdge({})).toEqual(edge);
    for (const host of ['localhost', '::1']) expect(readEdge({ SLIPWAY_HOST: host })).toEqual({ ...edge, host });
  });

  it('keeps the internal APIs on loopback when the public ones are wanted elsewhere', () => {
    const env = { ...cert, ...key, SLIPWAY_HOST: '0.0.0.0' };
    expect(readEdge(env)).toMatchObject({ host: '0.0.0.0', internalHost: '127.0.0.1' });
    expect(readEdge({ ...env, SLIPWAY_INTERNAL_HOST: '10.0.0.1' }).internalHost).toBe('10.0.0.1');
    expect(() => readEdge({ SLIPWAY_CODEC_HOST: '10.0.0.1' })).toThrow(/^SLIPWAY_CODEC_HOST is 10\.0\.0\.1, and/);
    expect(() => readEdge({ SLIPWAY_INTERNAL_HOST: '10.0.0.1' })).toThrow(/^SLIPWAY_INTERNAL_HOST is 10\.0\.0\.1, and/);
  });

  it('listens anywhere with TLS, or behind what ends TLS', () => {
    const anywhere = { SLIPWAY_HOST: '0.0.0.0' };
    expect(readEdge({ ...anywhere, ...cert, ...key })).toMatchObject({ tls: one, isSecure: true });
    expect(readEdge({ ...anywhere, ...cert, ...key, ...clientCa }).tls).toEqual({ ...one, clientCa: authority.cert });
    expect(readEdge({ ...anywhere, SLIPWAY_TLS: 'terminated' })).toMatchObject({ tls: undefined, isSecure: true });
  });

  it('reads how long calls are still taken at the end', () => {
    expect(readEdge({ SLIPWAY_SHUTDOWN_DELAY_SECONDS: '2.5' }).shutdownDelaySeconds).toBe(2.5);
  });

  it.each<[Record<string, string>, RegExp]>([
    [{ SLIPWAY_HOST: '0.0.0.0' }, /^SLIPWAY_HOST is 0\.0\.0\.0, and beyond loopback .* with TLS only/],
    [{ SLIPWAY_HOST: '127.0.0.1.example.com' }, /^SLIPWAY_HOST is/],
    [{ SLIPWAY_TLS: 'off' }, /^SLIPWAY_TLS can only be terminated, not "off"\.$/],
    [{ SLIPWAY_TLS: 'terminated', ...cert, ...key }, /unset one of them\.$/],
    [cert, /^TLS needs both/],
    [key, /^TLS needs both/],
    [clientCa, /^TLS needs both/],
    [{ ...cert, SLIPWAY_TLS_KEY_FILE: file('other', other.key) }, /are not a certificate and its unencrypted key/],
    [{ ...key, SLIPWAY_TLS_CERT_FILE: file('text', 'hello') }, /are not a certificate and its unencrypted key/],
    [{ ...key, SLIPWAY_TLS_CERT_FILE: '/nowhere' }, /^SLIPWAY_TLS_CERT_FILE names \/nowhere, which cannot be read\.$/],
    [{ ...cert, ...key, SLIPWAY_TLS_CLIENT_CA_FILE: file('no-ca', '') }, /^SLIPWAY_TLS_CLIENT_CA_FILE holds no/],
    [{ SLIPWAY_SHUTDOWN_DELAY_SECONDS: '-1' }, /^SLIPWAY_SHUTDOWN_DELAY_SECONDS must be from 0 to 300, not "-1"\.$/],
    [{ SLIPWAY_SHUTDOWN_DELAY_SECONDS: 'soon' }, /^SLIPWAY_SHUTDOWN_DELAY_SECONDS must be/],
  ])('says in one sentence what cannot be used: %j', (env, sentence) => {
    expect(() => readEdge(env)).toThrow(ConfigError);
    expect(() => readEdge(env)).toThrow(sentence);
  });
});
