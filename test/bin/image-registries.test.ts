import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../bin/config-error.ts';
import { readImageRegistries } from '../../bin/image-registries.ts';

describe('readImageRegistries', () => {
  it('allows any registry unless told otherwise', () => {
    expect(readImageRegistries({})).toBeNull();
    expect(readImageRegistries({ SLIPWAY_IMAGE_REGISTRIES: '' })).toBeNull();
  });

  it('reads hosts with their ports, in any letters and with spaces between them', () => {
    const env = { SLIPWAY_IMAGE_REGISTRIES: 'acr.azurecr.io, Registry.Example.org ,localhost:5000' };
    expect(readImageRegistries(env)).toEqual(new Set(['acr.azurecr.io', 'registry.example.org', 'localhost:5000']));
  });

  it('knows Docker Hub by its other names', () => {
    const env = { SLIPWAY_IMAGE_REGISTRIES: 'index.docker.io,registry-1.docker.io' };
    expect(readImageRegistries(env)).toEqual(new Set(['docker.io']));
  });

  it.each([
    [',', ''],
    [' ', ''],
    ['acr.azurecr.io,', ''],
    ['https://acr.azurecr.io', 'https://acr.azurecr.io'],
    ['acr.azurecr.io/team', 'acr.azurecr.io/team'],
    ['acr.azurecr.io;docker.io', 'acr.azurecr.io;docker.io'],
    ['*.azurecr.io', '*.azurecr.io'],
    ['user@acr.azurecr.io', 'user@acr.azurecr.io'],
    ['acr.azurecr.io:port', 'acr.azurecr.io:port'],
    ['a..b', 'a..b'],
  ])('says in one sentence that %s is no list of hosts', (text, wrong) => {
    const read = () => readImageRegistries({ SLIPWAY_IMAGE_REGISTRIES: text });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(`; "${wrong}" is none.`);
  });
});
