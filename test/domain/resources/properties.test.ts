import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../domain/resources/json.ts';
import { compileVersion, patched, write } from '../../../domain/resources/properties.ts';
import { registeredVersion } from '../../../domain/resources/registered-version.ts';
import type { Schema } from '../../../domain/resources/type.ts';

const text: Schema = { type: 'string' };
const secret: Schema = { type: 'string', minLength: 3, 'x-radius-sensitive': true };

const versionOf = (properties: Record<string, Schema>, rest: Partial<Schema> = {}) =>
  compileVersion(registeredVersion({ type: 'object', properties, additionalProperties: false, ...rest }));

const cache = versionOf(
  {
    environment: text,
    size: { type: 'string', enum: ['S', 'L'], default: 'S' },
    password: secret,
    status: { type: 'object', properties: { host: { ...text, readOnly: true }, note: text } },
    data: {
      type: 'object',
      additionalProperties: { type: 'object', properties: { value: secret, label: text }, required: ['value'] },
    },
  },
  { required: ['environment', 'password'] },
);

const ENVIRONMENT = { environment: '/planes/radius/local' };
const MODEL = { ...ENVIRONMENT, size: 'L', status: { note: 'x' }, data: { a: { label: 'A' }, 'b/c': {} } };
const HELD = ['/password', '/data/a/value', '/data/b~1c/value'];

function written(wanted: JsonObject, held: string[] = [], version = cache) {
  const result = write(version, wanted, held);
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.problems));
  const { model, newSecrets, keptSecrets } = result;
  return { model, put: Object.fromEntries(newSecrets), keep: keptSecrets };
}

function refused(wanted: JsonObject, held: string[] = [], version = cache) {
  const result = write(version, wanted, held);
  if (result.kind === 'written') throw new Error(`was written: ${JSON.stringify(result.model)}`);
  return Object.fromEntries(result.problems.map(({ pointer, message }) => [pointer, message]));
}

describe('properties that are sent', () => {
  it('are told everything that is wrong with them at once, each at its place', () => {
    const wanted = { size: 'XL', password: 'x', more: 1, status: 'up', data: { 'a/b': { label: 2 } } };
    expect(refused(wanted)).toEqual({
      '/properties/environment': 'is required',
      '/properties/size': 'is one of "S", "L"',
      '/properties/password': 'must NOT have fewer than 3 characters',
      '/properties/more': 'is not a known field',
      '/properties/status': 'must be object',
      '/properties/data/a~1b/value': 'is required',
      '/properties/data/a~1b/label': 'must be string',
    });
  });

  it('never have a value of theirs in what they are told', () => {
    const wanted = { ...ENVIRONMENT, password: { canary: 'canary' }, size: 'canary', data: { a: { value: 7 } } };
    expect(JSON.stringify(refused(wanted))).not.toContain('canary');
  });

  it('get the defaults of what they leave out, and stay as they were sent', () => {
    const wanted = { ...ENVIRONMENT, password: 'hunter2' };
    expect(written(wanted).model).toEqual({ ...ENVIRONMENT, size: 'S' });
    expect(wanted).toEqual({ ...ENVIRONMENT, password: 'hunter2' });
  });

  it('take names that every object has something under for unknown ones', () => {
    const odd = JSON.parse('{"constructor": 1, "toString": 2, "hasOwnProperty": 3}') as JsonObject;
    expect(Object.keys(refused({ ...ENVIRONMENT, password: 'hunter2', ...odd })).sort()).toEqual([
      '/properties/constructor',
      '/properties/hasOwnProperty',
      '/properties/toString',
    ]);
    const named = versionOf({ constructor: text, toString: text }, { required: ['constructor', 'toString'] });
    expect(Object.keys(refused({ toString: 'x' }, [], named))).toEqual(['/properties/constructor']);
    expect(written(JSON.parse('{"constructor": "x", "toString": "y"}') as JsonObject, [], named).model).toEqual({
      constructor: 'x',
      toString: 'y',
    });
  });

  it('are matched with a pattern in no more time than they are long', () => {
    const slow = versionOf({ name: { type: 'string', pattern: '^(a+)+$' } });
    const name = `${'a'.repeat(50_000)}b`;
    expect(refused({ name }, [], slow)).toEqual({ '/properties/name': 'matches ^(a+)+$' });
    expect(written({ name: name.slice(0, -1) }, [], slow).model).toEqual({ name: name.slice(0, -1) });
  });

  it('are matched each with its own pattern', () => {
    const two = versionOf({ a: { type: 'string', pattern: '^a$' }, b: { type: 'string', pattern: '^b$' } });
    expect(written({ a: 'a', b: 'b' }, [], two).model).toEqual({ a: 'a', b: 'b' });
    expect(Object.keys(refused({ a: 'b', b: 'a' }, [], two))).toEqual(['/properties/a', '/properties/b']);
  });

  it('cannot set what is read-only: it is passed over, and not missing either', () => {
    const wanted = { ...ENVIRONMENT, password: 'hunter2', status: { host: 'mine', note: 'y' } };
    expect(written(wanted).model.status).toEqual({ note: 'y' });
    expect(written({ ...wanted, status: { host: 7 } }).model.status).toEqual({});
    const asked = versionOf({ host: { ...text, readOnly: true } }, { required: ['host'] });
    expect(written({}, [], asked).model).toEqual({});
  });
});

describe('a secret', () => {
  it('is taken out, so that it is in nothing that is stored', () => {
    const wanted = { ...ENVIRONMENT, password: 'hunter2', data: { a: { value: 'canary', label: 'A' } } };
    const { model, put, keep } = written(wanted);
    expect(model).toEqual({ ...ENVIRONMENT, size: 'S', data: { a: { label: 'A' } } });
    expect([put, keep]).toEqual([{ '/password': 'hunter2', '/data/a/value': 'canary' }, []]);
    const whole = versionOf({ key: { type: 'object', properties: { pem: text }, 'x-radius-sensitive': true } });
    expect(written({ key: { pem: 'canary' } }, [], whole)).toEqual({
      model: {},
      put: { '/key': '{"pem":"canary"}' },
      keep: [],
    });
  });

  it('stays when what was read is written back', () => {
    const shown = cache.fromModel(MODEL);
    expect(written(shown, HELD)).toEqual({ model: MODEL, put: {}, keep: HELD });
  });

  it('is replaced alone, and goes by null, or with what it stands in', () => {
    const data = { a: { label: 'A' } };
    expect(written({ ...ENVIRONMENT, password: 'changed', data }, HELD)).toMatchObject({
      put: { '/password': 'changed' },
      keep: ['/data/a/value'],
    });
    expect(refused({ ...ENVIRONMENT, password: null, data }, HELD)).toEqual({ '/properties/password': 'is required' });
    const optional = versionOf({ password: secret });
    const held = ['/password'];
    expect(written({ password: null }, held, optional)).toEqual({ model: {}, put: {}, keep: [] });
    expect(written({}, held, optional)).toEqual({ model: {}, put: {}, keep: ['/password'] });
  });

  it('is required of a resource that has none', () => {
    expect(refused(ENVIRONMENT)).toEqual({ '/properties/password': 'is required' });
    expect(refused(ENVIRONMENT, ['/data/password'])).toEqual({ '/properties/password': 'is required' });
  });
});

describe('a patch', () => {
  const after = (patch: JsonObject) => written(patched(cache, patch, MODEL), HELD);

  it('changes what it names, and leaves the rest with its secrets', () => {
    expect(after({ size: 'S' })).toEqual({ model: { ...MODEL, size: 'S' }, put: {}, keep: HELD });
    expect(after({ password: 'changed' })).toEqual({
      model: MODEL,
      put: { '/password': 'changed' },
      keep: ['/data/a/value', '/data/b~1c/value'],
    });
  });

  it('takes away what it has null for, and secrets with it', () => {
    expect(after({ data: { 'b/c': null } }).keep).toEqual(['/password', '/data/a/value']);
    expect(after({ data: null }).keep).toEqual(['/password']);
    const optional = versionOf({ password: secret });
    const gone = written(patched(optional, { password: null }, {}), ['/password'], optional);
    expect(gone).toEqual({ model: {}, put: {}, keep: [] });
    expect(refused(patched(cache, { password: null }, MODEL), HELD)).toEqual({ '/properties/password': 'is required' });
  });

  it('sets nothing that is read-only', () => {
    expect(after({ status: { host: 'mine' } }).model).toEqual(MODEL);
  });
});
