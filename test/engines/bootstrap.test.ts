import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
/** The machine's own Node, as a user has it who has installed nothing yet; ours when there is no other. */
const machinePath = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
const machineNode =
  machinePath.map((entry) => join(entry, 'node')).find((path) => existsSync(path)) ?? process.execPath;

let clone: string;

/** A clone of a project whose one dependency is "Node 24", so that npm ci needs no network. */
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'slw-'));
  mkdirSync(join(clone, 'bin'));
  mkdirSync(join(clone, 'node24'));
  cpSync(join(ROOT, 'bin/bootstrap.mjs'), join(clone, 'bin/bootstrap.mjs'));
  const node = { name: 'node', version: '24.0.0', bin: { node: 'node' } };
  writeFileSync(join(clone, 'node24/package.json'), JSON.stringify(node));
  writeFileSync(join(clone, 'node24/node'), `#!/bin/sh\nexec "${process.execPath}" "$@"\n`);
  chmodSync(join(clone, 'node24/node'), 0o755);
  const dependencies = { node: 'file:node24' };
  writeFileSync(join(clone, 'package.json'), JSON.stringify({ name: 'clone', version: '1.0.0', dependencies }));
  const packages = {
    '': { name: 'clone', version: '1.0.0', dependencies },
    node24: { name: 'node', version: '24.0.0', bin: { node: 'node' } },
    'node_modules/node': { resolved: 'node24', link: true },
  };
  writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ name: 'clone', lockfileVersion: 3, packages }));
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

function bootstrap(script: string, args: string[] = [], path = machinePath) {
  writeFileSync(join(clone, 'bin/script.ts'), script);
  return new Promise<{ code: number; stdout: string; stderr: string }>((settle) => {
    const { HOME } = process.env;
    const env = { PATH: path.join(delimiter), HOME };
    const command = [join(clone, 'bin/bootstrap.mjs'), 'bin/script.ts', ...args];
    const child = execFile(machineNode, command, { env, cwd: clone }, (_error, stdout, stderr) =>
      settle({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('bin/bootstrap.mjs', { timeout: 60_000 }, () => {
  it("installs what is missing, then runs TypeScript on Node 24 with the machine's older Node", async () => {
    const script =
      'const major: string = process.versions.node.split(".")[0]!; console.log(major, process.argv.slice(2).join());';
    const first = await bootstrap(script, ['--keep', 'x']);
    expect(first).toMatchObject({ code: 0, stdout: '24 --keep,x\n' });
    expect(first.stderr).toMatch(/^Installing the dependencies .*Dependencies are installed \(\d+ s\)\.\n$/s);
    expect(await bootstrap(script)).toEqual({ code: 0, stdout: '24 \n', stderr: '' });
  });

  it("keeps the script's exit code, and puts node_modules/.bin first on PATH", async () => {
    const ended = await bootstrap('console.log(process.env.PATH!.split(":")[0]); process.exitCode = 7;');
    expect(ended.code).toBe(7);
    expect(ended.stdout.trim()).toBe(join(clone, 'node_modules/.bin'));
  });

  it('installs anew when package-lock.json has changed', async () => {
    await bootstrap('');
    const lock = { name: 'clone', version: '1.0.0', lockfileVersion: 3, requires: true, packages: {} as object };
    lock.packages = {
      '': { name: 'clone', version: '1.0.0', dependencies: { node: 'file:node24' } },
      node24: { name: 'node', version: '24.0.1', bin: { node: 'node' } },
      'node_modules/node': { resolved: 'node24', link: true },
    };
    writeFileSync(join(clone, 'package-lock.json'), JSON.stringify(lock));
    const node = { name: 'node', version: '24.0.1', bin: { node: 'node' } };
    writeFileSync(join(clone, 'node24/package.json'), JSON.stringify(node));
    expect((await bootstrap('')).stderr).toContain('Installing the dependencies');
  });

  it('passes SIGTERM on and ends as the script does', async () => {
    const script =
      'process.on("SIGTERM", () => { console.log("drained"); clearInterval(t); }); const t = setInterval(() => {}, 1e3); process.kill(process.ppid, "SIGTERM");';
    expect(await bootstrap(script)).toMatchObject({ code: 0, stdout: 'drained\n' });
  });

  it('says in one sentence that npm is missing', async () => {
    const ended = await bootstrap('', [], [join(clone, 'nowhere')]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('npm could not be started');
  });
});
