import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderCodes } from '../../api/codes-page.ts';
import { statusOfKind } from '../../api/problem.ts';
import { FAILURE_TEXTS } from '../../domain/codes/failures.ts';
import { REFUSAL_TEXTS } from '../../domain/codes/refusals.ts';
import { ERROR_KINDS } from '../../domain/errors.ts';
import { FAILURE_CLASSES } from '../../domain/failures.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/codes.md'), 'utf8');

describe('docs/codes.md', () => {
  it('is what the codes say where they are defined (npm run codes writes it anew)', () => {
    expect(page === renderCodes()).toBe(true);
  });

  it.each([
    ['refusal', Object.entries(ERROR_KINDS).map(([code, kind]) => [code, String(statusOfKind(kind))] as const)],
    ['failure', Object.entries(FAILURE_CLASSES)],
  ])('has every code of a %s, once, with what it comes to', (name, wanted) => {
    const section = page.split(/^## /m).find((part) => part.toLowerCase().startsWith(name)) ?? '';
    const found = [...section.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, code, second]) => [code, second]);
    expect(found.sort()).toEqual([...wanted].sort());
  });

  it('says for each code in sentences what it means and what to do', () => {
    for (const [code, text] of [...Object.entries(REFUSAL_TEXTS), ...Object.entries(FAILURE_TEXTS)]) {
      for (const sentence of [text.means, text.whatToDo]) expect(sentence, code).toMatch(/^[A-Z`].{8,}\.$/);
    }
  });
});
