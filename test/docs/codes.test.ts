import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { statusOfKind } from '../../api/problem.ts';
import { ERROR_KINDS } from '../../domain/errors.ts';
import { FAILURE_CLASSES } from '../../domain/failures.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/codes.md'), 'utf8');

/** The rows of the table below a heading: code, second column, and the rest. */
function rowsBelow(heading: string): { code: string; second: string; rest: string[] }[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const cells = section.split('\n').filter((line) => line.startsWith('| `'));
  return cells.map((line) => {
    const [code = '', second = '', ...rest] = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    return { code: code.replaceAll('`', ''), second, rest };
  });
}

describe('docs/codes.md', () => {
  it('has every code of a refusal, once, with the status it is answered with', () => {
    const rows = rowsBelow('Refusals').map(({ code, second }) => [code, Number(second)]);
    const wanted = Object.entries(ERROR_KINDS).map(([code, kind]) => [code, statusOfKind(kind)]);
    expect(rows.sort()).toEqual(wanted.sort());
  });

  it('has every code of a failure, once, with its class', () => {
    const rows = rowsBelow('Failures of operations').map(({ code, second }) => [code, second]);
    expect(rows.sort()).toEqual(Object.entries(FAILURE_CLASSES).sort());
  });

  it('says for each code what it means and what to do', () => {
    for (const { code, rest } of [...rowsBelow('Refusals'), ...rowsBelow('Failures of operations')]) {
      expect(rest, code).toHaveLength(2);
      for (const text of rest) expect(text, code).toMatch(/^.{10,}\.$/);
    }
  });
});
