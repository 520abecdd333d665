import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ShimCommand } from './replica.ts';

const PATIENCE_MS = 10_000;

/**
 * Lets a shim without an instance run once, which fills the compile cache: those that find it warm take less than half
 * the memory. Nothing depends on it, so a failure is no failure.
 */
export async function warmUp({ file, args, env }: ShimCommand): Promise<void> {
  if (existsSync(env.NODE_COMPILE_CACHE ?? '')) return;
  await new Promise((resolve) => execFile(file, args, { env, cwd: '/', timeout: PATIENCE_MS }, resolve));
}
