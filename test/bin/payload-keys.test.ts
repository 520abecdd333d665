import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../bin/config-error.ts';
import { readDataConverter } from '../../bin/data-converter.ts';
import { readPayloadKeys } from '../../bin/payload-keys.ts';
import { newPayloadKey, oneKey } from '../_support/payload-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'slp-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(content: unknown, mode = 0o600): Record<string, string> {
  const file = join(folder, 'keys.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(file, mode);
  return { SLIPWAY_PAYLOAD_KEYS_FILE: file };
}

const key = newPayloadKey();
const short = randomBytes(16).toString('base64');
const [wrongForm, base64Only] = [
  /which is not of the form \{"current": id, "keys": \{id: 32 bytes .*\}\}\.$/,
  'no key!',
];

describe('readPayloadKeys', () => {
  it('reads the keys of the file and which of them is current, or none when no file is named', async () => {
    const keys = await readPayloadKeys(fileOf({ current: 'b', keys: { a: newPayloadKey(), b: key } }));
    expect(keys?.current).toBe('b');
    expect([...(keys?.byId.keys() ?? [])]).toEqual(['a', 'b']);
    expect(await readPayloadKeys({})).toBeUndefined();
  });

  it('takes a file without a current key: then nothing is encrypted', async () => {
    expect((await readPayloadKeys(fileOf({ keys: { a: key } })))?.current).toBeNull();
    expect((await readPayloadKeys(fileOf({ current: null, keys: { a: key } })))?.current).toBeNull();
  });

  it.each([0o640, 0o604, 0o644, 0o660])('refuses a file of the mode %o, which others can read', async (mode) => {
    await expect(readPayloadKeys(fileOf(oneKey('a'), mode))).rejects.toThrow(
      /^SLIPWAY_PAYLOAD_KEYS_FILE names .*keys\.json, which can be read by others; its mode has to be 0600\.$/,
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', wrongForm],
    ['another form', { keys: [key] }, wrongForm],
    ['a field it does not know', { current: 'a', keys: { a: key }, next: 'b' }, wrongForm],
    ['an id that is no word', { current: 'a b', keys: { 'a b': key } }, wrongForm],
    ['a key that is no base64', { current: 'a', keys: { a: base64Only } }, wrongForm],
    ['no key', { keys: {} }, /which holds no key\.$/],
    [
      'a key of another length',
      { current: 'a', keys: { a: short } },
      /which has a key "a" of 16 bytes instead of 32\.$/,
    ],
    ['a current key it lacks', { current: 'b', keys: { a: key } }, /which names "b" as current and has no such key\.$/],
  ])('says in one sentence what is wrong with %s, and quotes no key', async (_what, content, sentence) => {
    const error: unknown = await readPayloadKeys(fileOf(content)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as ConfigError;
    expect(message).toMatch(/^SLIPWAY_PAYLOAD_KEYS_FILE names .*keys\.json, which /);
    expect(message).toMatch(sentence);
    for (const secret of [key, short, base64Only]) expect(message).not.toContain(secret);
  });

  it('says so when there is no such file', async () => {
    const env = { SLIPWAY_PAYLOAD_KEYS_FILE: join(folder, 'nowhere') };
    await expect(readPayloadKeys(env)).rejects.toThrow(/nowhere, which cannot be read\.$/);
  });
});

describe('readDataConverter', () => {
  it("is the SDK's own without a file", async () => {
    expect(await readDataConverter({})).toBeUndefined();
  });

  it('puts the messages of failures into payloads where payloads are encrypted, and only there', async () => {
    expect(await readDataConverter(fileOf(oneKey('a')))).toMatchObject({
      failureConverterPath: expect.stringMatching(/failure-converter\.ts$/) as unknown,
    });
    expect(await readDataConverter(fileOf({ keys: { a: key } }))).not.toHaveProperty('failureConverterPath');
  });
});
