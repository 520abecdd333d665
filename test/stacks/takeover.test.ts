// What happens when an `up` is broken off: by a kill of the engine, of its guard, of the worker, by a later attempt.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SecretRef } from '../../providers/secrets/port.ts';
import type { StackEngine, StackSpec } from '../../providers/stacks/port.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { pulumiStacks } from '../../providers/stacks/pulumi.ts';
import { until } from '../_support/until.ts';
import { nextRun, specOf, timed } from '../conformance/stacks.ts';
import {
  expectWholeAndSingle,
  holdDatabases,
  isGone,
  livingRun,
  lockFolder,
  parentOf,
  stateOf,
} from './interruption.ts';
import { everythingUnder, startStackPeers, type StackPeers } from './peers.ts';

/** Short: in these tests the engine waits for a lock and cannot end in order. */
const GRACE_MS = 1_000;

interface DatabaseOutput {
  user: string;
  database: string;
  passwordSecret: SecretRef;
}

let peers: StackPeers;
let engine: StackEngine;
let worker: ChildProcess | undefined;
let held: Awaited<ReturnType<typeof holdDatabases>> | undefined;

beforeAll(async () => {
  peers = await startStackPeers();
  peers.options.graceMs = GRACE_MS;
  engine = pulumiStacks(peers.options);
}, 120_000);
afterAll(async () => await peers.close(), 60_000);
afterEach(async () => {
  await held?.release();
  worker?.kill('SIGKILL');
  [held, worker] = [undefined, undefined];
});

/** An `up` in this process, held inside its Database; `ended` is its rejection or outputs. */
async function heldUp(spec: StackSpec, run = nextRun()) {
  held = await holdDatabases(peers);
  const ended = engine.up(spec, run).catch((error: unknown) => error);
  await held.reached();
  return { ended, run: await livingRun(peers, spec) };
}

async function release(): Promise<void> {
  await held?.release();
  held = undefined;
}

function startWorker(spec: StackSpec): ChildProcess {
  const script = join(import.meta.dirname, 'up-process.ts');
  const settings = [peers.home, peers.databaseUrl, peers.portBase, GRACE_MS, JSON.stringify(spec), nextRun().fence];
  return spawn(process.execPath, [script, ...settings.map(String)], { stdio: ['ignore', 'ignore', 'inherit'] });
}

describe('an up that is broken off', { timeout: 180_000 }, () => {
  it('is completed by the next attempt when the engine is killed, with one set of resources and nothing pending', async () => {
    const spec = specOf('a1');
    const { ended, run } = await heldUp(spec);
    process.kill(run.pid, 'SIGKILL');
    expect(await ended).toMatchObject({ failure: { code: 'StackFailed' } });
    await until(async () => await isGone(run), { what: 'the plugin to be gone too' });
    expect((await stateOf(peers, spec)).pending).toContain('slipway:local:Database');
    expect((await readdir(lockFolder(peers, spec))).filter((file) => file.endsWith('.json'))).toHaveLength(1);
    await release();

    const progress: string[] = [];
    await timed('up after a killed engine', engine.up(spec, nextRun({ progress })));
    expect(progress[0]).toBe('taking over from a run that was broken off');
    expect(progress).toContain('removed the lock that a killed run left');
    await expectWholeAndSingle(peers, spec);
  });

  it('stops when the worker is killed, and another process takes over', async () => {
    const spec = specOf('a2');
    held = await holdDatabases(peers);
    worker = startWorker(spec);
    await held.reached();
    const run = await livingRun(peers, spec);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await until(async () => await isGone(run), { what: 'the engine to end with its worker', timeoutMs: 20_000 });
    await release();
    await engine.up(spec, nextRun());
    await expectWholeAndSingle(peers, spec);
  });

  it('is stopped by a later attempt that finds it alive, also when nobody guards it any more', async () => {
    const spec = specOf('a3');
    const { ended, run } = await heldUp(spec);
    // Stopped: the engine prints a sign of life now and then, and would die of it where nobody reads any more.
    process.kill(run.pid, 'SIGSTOP');
    process.kill(parentOf(run.pid), 'SIGKILL');
    await ended;
    expect(await isGone(run)).toBe(false);
    const next = engine.up(spec, nextRun());
    await until(async () => await isGone(run), { what: 'the earlier engine to be stopped' });
    await release();
    await next;
    await expectWholeAndSingle(peers, spec);
  });

  it('loses to a later attempt that starts while it runs', async () => {
    const spec = specOf('a4');
    const { ended, run } = await heldUp(spec);
    const later = engine.up(spec, nextRun());
    expect(await ended).toMatchObject({ name: 'OperationFault' });
    expect(await isGone(run)).toBe(true);
    await release();
    await later;
    await expectWholeAndSingle(peers, spec);
  });

  it('ends with the reason of its signal when it is aborted, and leaves no process', async () => {
    const spec = specOf('a5');
    const abort = new AbortController();
    const { ended, run } = await heldUp(spec, nextRun({ signal: abort.signal }));
    abort.abort(new Error('the deadline passed'));
    expect(await ended).toMatchObject({ message: 'the deadline passed' });
    expect(await isGone(run)).toBe(true);
    await release();
    await engine.up(spec, nextRun());
    await expectWholeAndSingle(peers, spec);
  });
});

describe('a destroy after an up that did not end well', { timeout: 180_000 }, () => {
  const nothing = { folders: [], blocks: [], databases: [], schemas: [], roles: [], namespaces: [] };

  it('takes away what a killed engine was about to make, too', async () => {
    const spec = specOf('e1');
    const { ended, run } = await heldUp(spec);
    process.kill(run.pid, 'SIGKILL');
    await ended;
    await release();
    // What the plugin has made by itself when the state does not know of it yet.
    await peers.query(`create role slipway_env_e1; comment on role slipway_env_e1 is 'slipway environment env-e1'`);
    await engine.destroy(spec, nextRun());
    expect(await peers.existing(spec.environmentId)).toEqual(nothing);
    expect(await engine.outputs(spec)).toBeNull();
  });

  it('takes away the part of a resource that a failing create has made', async () => {
    const spec = specOf('e2');
    await peers.query('create database slipway_env_e2');
    const fault = await engine.up(spec, nextRun()).catch((error: unknown) => error);
    const message = 'the database slipway_env_e2 exists and does not belong to env-e2';
    expect(fault).toMatchObject({ failure: { code: 'StackFailed', message: expect.stringContaining(message) } });
    expect((await peers.existing(spec.environmentId)).roles).toEqual(['slipway_env_e2']);
    await engine.destroy(spec, nextRun());
    expect(await peers.existing(spec.environmentId)).toEqual({ ...nothing, databases: ['slipway_env_e2'] });
  });

  it('takes away what is left of a resource that somebody damaged, which up repairs', async () => {
    const spec = specOf('e3');
    await engine.up(spec, nextRun());
    await peers.query('drop database slipway_env_e3 with (force)');
    const { changes } = await engine.refreshPreview(spec, nextRun());
    expect(changes).toMatchObject([{ operation: 'update', type: 'slipway:local:Database' }]);
    await engine.up(spec, nextRun());
    await expectWholeAndSingle(peers, spec);
    await peers.query('drop database slipway_env_e3 with (force)');
    await engine.destroy(spec, nextRun());
    expect(await peers.existing(spec.environmentId)).toEqual(nothing);
  });
});

describe('a lock that is not known to be dead', { timeout: 120_000 }, () => {
  it.each([
    ['another host', 'some-other-host', 1],
    ['this host, by no recorded run', hostname(), process.pid],
  ])('of %s is left alone', async (_of, host, pid) => {
    const spec = specOf(`b${pid}`);
    await engine.up(spec, nextRun());
    await mkdir(lockFolder(peers, spec), { recursive: true });
    const lock = { pid, username: 'somebody', hostname: host, timestamp: new Date().toISOString() };
    await writeFile(join(lockFolder(peers, spec), 'foreign.json'), JSON.stringify(lock));
    const locked = await engine.up(spec, nextRun()).catch((error: unknown) => error);
    expect(locked).toMatchObject({ failure: { code: 'StackLocked', message: expect.stringContaining(host) } });
    expect(await readdir(lockFolder(peers, spec))).toEqual(['foreign.json']);
  });
});

describe('secrets', { timeout: 120_000 }, () => {
  it('are in no state, output, record, message or log, and open the database', async () => {
    const spec = specOf('c1');
    const progress: string[] = [];
    await engine.up(specOf('c0'), nextRun());
    const outputs = await engine.up(spec, nextRun({ progress }));
    const { user, database, passwordSecret } = outputs.database as DatabaseOutput;
    const { SLIPWAY_VAULT_FOLDER: folder = '', SLIPWAY_VAULT_KEY_FILE: keyFile = '' } = peers.options.env;
    const password = await localVault({ folder, keyFile }).read(passwordSecret);

    const url = new URL(peers.databaseUrl);
    Object.assign(url, { username: user, password, pathname: database });
    const who = await peers.queryAs(url.toString(), 'select current_user::text as user');
    expect(who).toEqual([{ user }]);
    url.pathname = 'slipway_env_c0';
    await expect(peers.queryAs(url.toString(), 'select 1')).rejects.toThrow('permission denied for database');

    const admin = new URL(peers.databaseUrl).password;
    const written = await everythingUnder(join(peers.home, 'pulumi'));
    expect(written.length).toBeGreaterThan(5);
    const all = [...written, ...(await everythingUnder(join(peers.home, 'log'))), ...(await everythingUnder(folder))];
    const said = { path: 'what was said', text: JSON.stringify([outputs, progress]) };
    for (const { path, text } of [...all, said]) {
      for (const secret of [password, admin, peers.options.passphrase]) expect(text.includes(secret), path).toBe(false);
    }
  });

  it('are not in the fault of a failed up either', async () => {
    const env = { ...peers.options.env, SLIPWAY_ADMIN_DATABASE_URL: 'postgres://boss:hunter2-hunter2@127.0.0.1:1/x' };
    const fault = await pulumiStacks({ ...peers.options, env })
      .up(specOf('c2'), nextRun())
      .catch((error: unknown) => error);
    expect(fault).toMatchObject({ failure: { code: 'StackFailed', message: expect.stringContaining('ECONNREFUSED') } });
    expect(JSON.stringify(fault) + String(fault)).not.toContain('hunter2');
  });
});
