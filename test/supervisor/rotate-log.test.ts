import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rotateLog } from '../../local/supervisor/shim/rotate-log.ts';

test('a log that grows too long moves to one old file, and its writer goes on in the same file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slr-'));
  const [log, old] = [join(folder, 'workload.log'), join(folder, 'workload.log.1')];
  const writer = openSync(log, 'a');
  try {
    writeSync(writer, 'first\n');
    rotateLog(log, old, 10);
    expect(readFileSync(log, 'utf8')).toBe('first\n');
    writeSync(writer, 'second\n');
    rotateLog(log, old, 10);
    writeSync(writer, 'third\n');
    expect([readFileSync(old, 'utf8'), readFileSync(log, 'utf8')]).toEqual(['first\nsecond\n', 'third\n']);
  } finally {
    closeSync(writer);
    rmSync(folder, { recursive: true });
  }
});
