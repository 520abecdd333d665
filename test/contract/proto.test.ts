/** The gRPC contract: its rules, what of it is generated, and what would break a client of the last finished issue. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../_support/api.ts';

const buf = (...args: string[]) =>
  execa(join(ROOT, 'node_modules/.bin/buf'), args, { cwd: ROOT, reject: false, all: true });

const filesOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'utf8')]),
  );

describe('the gRPC contract', () => {
  it('keeps the rules of buf', async () => {
    expect(await buf('lint')).toMatchObject({ exitCode: 0, all: '' });
  });

  it('breaks no client of the contract as it was when the last issue was finished', async () => {
    const baseline = join('test', 'contract', 'baseline', 'proto');
    expect(await buf('breaking', 'proto', '--against', baseline)).toMatchObject({ exitCode: 0, all: '' });
  });

  it('would find what does', async () => {
    const changed = mkdtempSync(join(tmpdir(), 'proto-'));
    try {
      await execa('cp', ['-r', join(ROOT, 'proto/slipway'), changed]);
      const file = join(changed, 'slipway/runtime/v1/runtime_inventory.proto');
      await execa('sed', ['-i', 's/  int32 replicas = 6;/  string replicas = 6;/', file]);
      const { exitCode, all } = await buf('breaking', changed, '--against', 'proto');
      expect([exitCode, all]).toEqual([100, expect.stringContaining('changed type from "int32" to "string"')]);
    } finally {
      rmSync(changed, { recursive: true });
    }
  });

  it('is what the generated code was made from', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proto-'));
    try {
      expect(await buf('generate', '--output', folder)).toMatchObject({ exitCode: 0 });
      expect(filesOf(join(ROOT, 'proto/gen'))).toEqual(filesOf(join(folder, 'proto/gen')));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
