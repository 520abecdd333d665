// What happens when the engine is broken off while it makes a stack: it holds the stack's lock, and does not listen.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StackEngine, StackSpec } from '../../providers/stacks/port.ts';
import { localEnvironment } from '../../providers/stacks/programs/local-environment.ts';
import { pulumiStacks } from '../../providers/stacks/pulumi.ts';
import { until } from '../_support/until.ts';
import { nextRun, specOf } from '../conformance/stacks.ts';
import { expectWholeAndSingle, livingRun, lockFolder } from './interruption.ts';
import { startStackPeers, type StackPeers } from './peers.ts';

const GRACE_MS = 60_000;

let peers: StackPeers;
let engine: StackEngine;
let engineRoot: string;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  peers = await startStackPeers();
  engineRoot = join(peers.home, 'held-engine');
  await mkdir(join(engineRoot, 'bin'), { recursive: true });
  engine = pulumiStacks({ ...peers.options, engineRoot, program: localEnvironment });
}, 120_000);
afterAll(async () => {
  worker?.kill('SIGKILL');
  await peers.close();
}, 60_000);

const held = () => join(engineRoot, 'held');
const release = () => rm(held());
const locks = async (spec: StackSpec) => await readdir(lockFolder(peers, spec)).catch((): string[] => []);

/** From now on the engine is the real one, but that it stands still in `stack init`, with the lock, until the release. */
async function holdInit(spec: StackSpec, { isSaved }: { isSaved: boolean }): Promise<void> {
  const real = join(peers.options.engineRoot, 'bin', 'pulumi');
  const lock = join(lockFolder(peers, spec), 'held.json');
  const script = [
    '#!/bin/sh',
    `[ "$1 $2" = 'stack init' ] && [ -e ${held()} ] || exec ${real} "$@"`,
    isSaved ? `${real} "$@" || exit` : '',
    `mkdir -p ${lockFolder(peers, spec)}`,
    `printf '{"pid":%s,"username":"root","hostname":"%s"}' $$ "$(hostname)" > ${lock}`,
    `while [ -e ${held()} ]; do sleep 0.05; done`,
    `echo 'Created stack'`,
    `rm ${lock}`,
    isSaved ? '' : `exec ${real} "$@"`,
  ];
  await writeFile(join(engineRoot, 'bin', 'pulumi'), script.join('\n'), { mode: 0o700 });
  await writeFile(held(), '');
}

async function holdsTheLock(spec: StackSpec): Promise<void> {
  await until(async () => (await locks(spec)).includes('held.json'), { what: 'the engine to hold the lock' });
}

describe('a stack that is being made', { timeout: 180_000 }, () => {
  it('is made to its end when the worker is killed, and no lock of it stays', async () => {
    const spec = specOf('f1');
    await holdInit(spec, { isSaved: false });
    const settings = [peers.home, peers.databaseUrl, peers.portBase, GRACE_MS, JSON.stringify(spec), nextRun().fence];
    worker = spawn(process.execPath, [join(import.meta.dirname, 'up-process.ts'), ...settings.map(String)], {
      ...{ stdio: ['ignore', 'ignore', 'inherit'] },
      env: { ...process.env, SLIPWAY_PULUMI_BIN: join(engineRoot, 'bin', 'pulumi') },
    });
    await holdsTheLock(spec);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await release();
    await until(async () => (await locks(spec)).length === 0, { what: 'the lock to be given back' });
    await engine.up(spec, nextRun());
    await expectWholeAndSingle(peers, spec);
  });

  it.each([
    ['before it is saved', 'f2', false],
    ['when it is saved', 'f3', true],
  ])('is completed by the next attempt when the engine is killed %s', async (_when, name, isSaved) => {
    const spec = specOf(name);
    await holdInit(spec, { isSaved });
    const ended = engine.up(spec, nextRun()).catch((error: unknown) => error);
    await holdsTheLock(spec);
    process.kill((await livingRun(peers, spec)).pid, 'SIGKILL');
    expect(await ended).toMatchObject({ failure: { code: 'StackFailed' } });
    await release();
    const progress: string[] = [];
    await engine.up(spec, nextRun({ progress }));
    expect(progress).toContain('removed the lock that a killed run left');
    await expectWholeAndSingle(peers, spec);
  });
});
