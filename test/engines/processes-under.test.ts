import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { killProcessesUnder, processesUnder } from '../../local/engines/processes-under.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slw-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('killProcessesUnder', () => {
  it('ends what names the folder in its environment or its arguments, and nothing else', async () => {
    const sleeper = (args: string[], env: Record<string, string>) =>
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")', ...args], {
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const byArgument = sleeper([join(folder, 'home')], {});
    const byEnvironment = sleeper([], { SLIPWAY_HOME: join(folder, 'home') });
    const beside = sleeper([`${folder}-other/home`], { TMPDIR: folder });
    try {
      await Promise.all([byArgument, byEnvironment, beside].map((child) => once(child.stdout, 'data')));
      expect(processesUnder(folder).sort()).toEqual([byArgument.pid, byEnvironment.pid].sort());
      expect(await killProcessesUnder(folder)).toBe(2);
      expect(processesUnder(folder)).toEqual([]);
      expect(beside.kill(0)).toBe(true);
    } finally {
      for (const child of [byArgument, byEnvironment, beside]) child.kill('SIGKILL');
    }
  });
});
