/** The process of a platform's Pulumi engine, found by its command line: `pulumi up …`. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPlatform } from './platform.ts';

/** The engine of this home that works on a stack now. */
export function runningEngine({ config, home }: TestPlatform, verb: 'up' | 'destroy'): number | null {
  const engine = join(config.pulumi.root, 'bin', 'pulumi');
  const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isEngine(Number(name), engine, home, verb));
  return found === undefined ? null : Number(found);
}

function isEngine(pid: number, engine: string, home: string, wanted: string): boolean {
  try {
    const [command, verb] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return (
      command === engine &&
      verb === wanted &&
      readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SLIPWAY_HOME=${home}`)
    );
  } catch {
    // It ended while it was looked at.
    return false;
  }
}
