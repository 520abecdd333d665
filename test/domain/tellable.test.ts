import { describe, expect, it } from 'vitest';
import { tellable, tellableLines } from '../../domain/tellable.ts';
import { NEVER_TAKEN } from '../_support/odd-texts.ts';

describe('what somebody else has written', () => {
  it.each(Object.entries(NEVER_TAKEN))('is told without %s, which no row takes', (_what, text) => {
    expect(tellable(`a${text}b`)).toBe('ab');
    expect(tellableLines([`a${text}b`])).toEqual(['ab']);
  });
});
