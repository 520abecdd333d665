// Puts something into a shared folder once, however many processes want it at the same time, whole or not at all.
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { releaseProcessLock, takeProcessLock } from './process-lock.ts';

export interface InstallOptions {
  title: string;
  isDone: () => Promise<boolean>;
  /** Tried in order; each fills the (empty) folder it is given or throws. */
  ways: readonly ((into: string) => Promise<void>)[];
  onFailure: (reason: string) => void;
  onProgress: (sentence: string) => void;
  signal?: AbortSignal;
}

const POLL_MS = 500;

/** Returns when the folder is done or every way failed; `isDone` tells which. */
export async function installOnce(folder: string, options: InstallOptions): Promise<void> {
  const lock = `${folder}.lock`;
  await waitForLock(lock, options);
  try {
    if (await options.isDone()) return;
    await tryWays(folder, options);
  } finally {
    releaseProcessLock(lock);
  }
}

async function tryWays(folder: string, { ways, onFailure, signal }: InstallOptions): Promise<void> {
  const making = `${folder}.making`;
  for (const way of ways) {
    signal?.throwIfAborted();
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making);
    try {
      await way(making);
    } catch (error) {
      onFailure((error as Error).message);
      rmSync(making, { recursive: true, force: true });
      continue;
    }
    // Only a folder that does not work is ever replaced.
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
    return;
  }
}

async function waitForLock(lock: string, { title, onProgress, signal }: InstallOptions): Promise<void> {
  let told = false;
  while (!takeProcessLock(lock)) {
    if (!told) onProgress(`Another process is fetching ${title}; waiting for it …`);
    told = true;
    await delay(POLL_MS, undefined, { signal });
  }
}
