import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../bin/config-error.ts';
import { readDecryptionKey } from '../../bin/token-decryption.ts';

const folder = mkdtempSync(join(tmpdir(), 'slk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function keyIn(text: string) {
  const file = join(folder, 'key');
  writeFileSync(file, text);
  return readDecryptionKey({ SLIPWAY_TOKEN_DECRYPTION_KEY_FILE: file });
}

describe('readDecryptionKey', () => {
  it('reads the key of the file, or none when no file is named', () => {
    const k = randomBytes(32).toString('base64url');
    expect(keyIn(JSON.stringify({ kty: 'oct', k }))?.algorithms).toEqual(['A256KW']);
    expect(readDecryptionKey({})).toBeUndefined();
  });

  it('says in one sentence what is wrong with it, and nothing of its content', () => {
    const k = 'c2VjcmV0';
    const read = () => keyIn(JSON.stringify({ kty: 'oct', k }));
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^SLIPWAY_TOKEN_DECRYPTION_KEY_FILE names .*\/key, which is a symmetric key of neither.*\.$/);
    expect(() => readDecryptionKey({ SLIPWAY_TOKEN_DECRYPTION_KEY_FILE: '/nowhere' })).toThrow(/cannot be read\.$/);
  });
});
