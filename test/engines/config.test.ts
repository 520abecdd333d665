import { describe, expect, it } from 'vitest';
import { readConfig } from '../../bin/config.ts';

describe('readConfig', () => {
  it('has the documented fixed points as defaults', () => {
    const config = readConfig({ HOME: '/home/me', SLIPWAY_HOME: '/tmp/h' });
    expect(config.ports).toEqual({
      ...{
        rest: 8080,
        internal: 8081,
        grpc: 50051,
        internalGrpc: 50052,
        temporal: 7233,
        temporalUi: 8233,
        issuer: 8090,
      },
      ...{ postgres: 54329, supervisor: 8091, proxy: 8092, codec: 8093 },
    });
    expect(config.temporal).toMatchObject({ address: '127.0.0.1:7233', namespace: 'slipway', taskQueue: 'slipway' });
    expect(config.oidc).toEqual({
      issuer: 'http://127.0.0.1:8090',
      audience: 'slipway',
      internalAudience: 'slipway-internal',
    });
    expect(config.pulumi.root).toBe('/home/me/.cache/slipway/engines/pulumi-3.255.0');
    expect(config.external).toEqual({ database: false, temporal: false, issuer: false });
  });

  it('lets addresses follow a moved port, and takes given parts as they are', () => {
    const config = readConfig({
      ...{ SLIPWAY_HOME: '/tmp/h', SLIPWAY_ISSUER_PORT: '9000', TEMPORAL_ADDRESS: 'temporal:7233' },
      DATABASE_URL: 'postgres://db/slipway',
    });
    expect(config.oidc.issuer).toBe('http://127.0.0.1:9000');
    expect(config.temporal.address).toBe('temporal:7233');
    expect(config.databaseUrl).toBe('postgres://db/slipway');
    expect(config.external).toEqual({ database: true, temporal: true, issuer: false });
  });

  it('knows a codec server where there are payload keys, and only there', () => {
    expect(readConfig({}).payloads).toBeUndefined();
    const keys = { SLIPWAY_PAYLOAD_KEYS_FILE: '/etc/slipway/keys.json' };
    expect(readConfig(keys).payloads).toEqual({
      keysFile: '/etc/slipway/keys.json',
      codecUrl: 'http://127.0.0.1:8093',
      uiOrigin: 'http://127.0.0.1:8233',
    });
    const elsewhere = { SLIPWAY_CODEC_HOST: '0.0.0.0', SLIPWAY_TLS_CERT_FILE: 'cert.pem' };
    expect(readConfig({ ...keys, ...elsewhere }).payloads?.codecUrl).toBe('https://127.0.0.1:8093');
    const origin = { SLIPWAY_CODEC_UI_ORIGIN: 'https://temporal.example.com' };
    expect(readConfig({ ...keys, ...origin }).payloads?.uiOrigin).toBe('https://temporal.example.com');
  });

  it.each([
    '*',
    'temporal.example.com',
    'https://temporal.example.com/',
    'https://a.example.com,https://b.example.com',
  ])('refuses %s as the origin of the Temporal UI, which no browser sends', (origin) => {
    const env = { SLIPWAY_PAYLOAD_KEYS_FILE: 'keys.json', SLIPWAY_CODEC_UI_ORIGIN: origin };
    expect(() => readConfig(env)).toThrow(/^SLIPWAY_CODEC_UI_ORIGIN must be an origin such as .*, not ".*"\.$/);
  });

  it('refuses one audience for the public and the internal APIs', () => {
    expect(() => readConfig({ OIDC_AUDIENCE: 'ours', OIDC_INTERNAL_AUDIENCE: 'ours' })).toThrow(
      'OIDC_INTERNAL_AUDIENCE must differ from OIDC_AUDIENCE; both are "ours".',
    );
  });

  it('names the variable whose value cannot be used', () => {
    expect(() => readConfig({ SLIPWAY_REST_PORT: 'eighty' })).toThrow(
      'SLIPWAY_REST_PORT must be a port number from 1 to 65535, not "eighty".',
    );
  });
});
