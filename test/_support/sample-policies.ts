import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const POLICIES = join(import.meta.dirname, '../../policies');

/** A folder with the shipped Cedar policies and every sample beside them; disposing removes it. */
export function samplePolicies(): Disposable & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'slp-'));
  for (const from of [POLICIES, join(POLICIES, 'samples')]) {
    const files = readdirSync(from).filter((name) => /\.cedar(schema)?$/.test(name));
    for (const file of files) copyFileSync(join(from, file), join(folder, file));
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
