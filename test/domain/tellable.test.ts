import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tellable, tellableLines, withoutCredentials, withoutValues } from '../../domain/tellable.ts';

describe('a known value', () => {
  const value = 'p"ss w\\rd/\u{1F511}';

  it.each([
    ['as it is', value],
    ['in JSON', JSON.stringify({ key: value })],
    ['in a URL', `https://host/?key=${encodeURIComponent(value)}`],
    ['twice', `${value} and ${value}`],
  ])('is not in a text that has it %s', (_how, text) => {
    expect(withoutValues(text, [value])).not.toMatch(/ss w|ss%20w/);
    expect(withoutValues(text, [value])).toContain('[redacted]');
  });

  it('is not in a line of a text, when it is many lines itself', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADAN\r\nBgkqhkiG9w0B\n-----END KEY-----\n';
    const said = key.split('\n').map((line) => withoutValues(`key: ${line}`, [key]).trimEnd());
    expect(new Set(said)).toEqual(new Set(['key: [redacted]', 'key:']));
  });

  it('is taken out whole when another one is a part of it', () => {
    expect(withoutValues('it is longsecret', ['long', 'longsecret'])).toBe('it is [redacted]');
  });

  it('is in no text, whatever both are', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!'[redacted]'.includes(secret));
        expect(
          withoutValues(before + secret + after, [secret])
            .split('[redacted]')
            .join('\n'),
        ).not.toContain(secret);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what looks like a credential', () => {
  it.each([
    ['postgres://app:hunter2@db:5432/x failed', 'postgres://[redacted]@db:5432/x failed'],
    ['PASSWORD=hunter2 set', 'PASSWORD=[redacted] set'],
    ['"api_key": "hunter2", next', '"api_key": [redacted], next'],
    ['there is no secret here', 'there is no secret here'],
  ])('%s', (text, told) => {
    expect(withoutCredentials(text)).toBe(told);
  });
});

describe('what is told of a strange text', () => {
  it('has no control character, no colour and no half character', () => {
    expect(tellable('\u001b[31mred\u001b[0m\tand\u0000 blue\u202e\ud83d')).toBe('red and blue');
  });

  it('is bounded, and not cut within a character', () => {
    const ships = '\u{1F6A2}'.repeat(600);
    expect([...tellable(ships)]).toHaveLength(500);
    expect(tellable(ships)).toMatch(/\u{1F6A2}…$/u);
    expect(tellable('\u{1F6A2}'.repeat(500))).toBe('\u{1F6A2}'.repeat(500));
    expect(tellable('x'.repeat(1_000_000), 200)).toHaveLength(200);
  });

  it('is its last lines', () => {
    const lines = Array.from({ length: 50 }, (_, n) => `line ${n}`);
    expect(tellableLines(lines)).toEqual(lines.slice(-20));
  });
});
