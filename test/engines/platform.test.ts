import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../bin/config.ts';
import { namespaceAnswers } from '../../local/engines/temporal.ts';
import type { PartName } from '../../local/platform/parts.ts';
import { startPlatform, type Platform } from '../../local/platform/platform.ts';
import { isSameProcess, processStartTime } from '../../local/process-identity.ts';
import { testConfig } from '../_support/config.ts';
import { until } from '../_support/until.ts';

const TIMEOUT_MS = 120_000;
let config: Config;
let platform: Platform | undefined;
let runner: ChildProcess | undefined;

beforeEach(async () => {
  config = await testConfig();
});
afterEach(async () => {
  if (runner?.exitCode === null && runner.signalCode === null) runner.kill('SIGKILL');
  // Whatever the test left is reaped by a start of nothing.
  await platform?.stop();
  await (await start([])).stop();
  rmSync(config.home, { recursive: true, force: true });
  platform = runner = undefined;
}, TIMEOUT_MS);

async function start(parts: PartName[], signal?: AbortSignal): Promise<Platform> {
  return await startPlatform({ config, parts, durable: false, onProgress: () => undefined, signal });
}

function records(): { pid: number; startTime: string }[] {
  const run = join(config.home, 'run');
  return readdirSync(run)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(run, file), 'utf8')) as { pid: number; startTime: string });
}

async function databaseAnswers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select 1 as one');
  await client.end();
  return rows.length === 1;
}

/** A platform in another process, up. */
async function startRunner(parts: string): Promise<void> {
  runner = spawn(process.execPath, [join(import.meta.dirname, 'platform-run.ts'), parts], {
    env: config.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(runner.stdout!, 'data');
}

describe('the embedded platform', { timeout: TIMEOUT_MS }, () => {
  it('reaps the Temporal and the Postgres that a killed run left, and starts with their state', async () => {
    await startRunner('postgres,temporal');
    const left = records();
    expect(left).toHaveLength(2);
    runner?.kill('SIGKILL');
    await until(() => runner?.signalCode, { what: 'the end of the killed run' });
    expect(left.every(({ pid, startTime }) => isSameProcess(pid, startTime))).toBe(true);

    platform = await start(['postgres', 'temporal']);

    expect(left.some(({ pid, startTime }) => isSameProcess(pid, startTime))).toBe(false);
    expect(await databaseAnswers(platform.config.databaseUrl)).toBe(true);
    expect(await namespaceAnswers(config.temporal.address, 'slipway')).toBe(true);
  });

  it('starts Postgres again after the server itself was killed', async () => {
    platform = await start(['postgres']);
    platform.children.postgres?.kill('SIGKILL');
    expect((await platform.children.postgres?.exited)?.unexpected).toBe(true);
    await platform.restart('postgres');
    expect(await databaseAnswers(platform.config.databaseUrl)).toBe(true);
  });

  it('leaves no process, no record and no lock behind when it stops', async () => {
    platform = await start(['postgres', 'temporal', 'issuer']);
    const running = records();
    await platform.stop();
    expect(running).toHaveLength(3);
    expect(running.some(({ pid }) => processStartTime(pid) !== null)).toBe(false);
    expect(readdirSync(join(config.home, 'run'))).toEqual(['supervisor.token']);
  });

  it('leaves no process behind when it is stopped half-started', async () => {
    const stop = new AbortController();
    const starting = start(['postgres', 'temporal', 'issuer'], stop.signal);
    const failed = starting.catch((error: Error) => error);
    await until(() => records().length > 0, { what: 'the first process of the start' });
    const seen = records();
    stop.abort();
    expect(await failed).toBeInstanceOf(Error);
    expect(seen.some(({ pid }) => processStartTime(pid) !== null)).toBe(false);
    expect(records()).toEqual([]);
  });

  it('names port and variable in one sentence when a port is busy, and starts nothing', async () => {
    const other = createServer().listen(config.ports.temporalUi, '127.0.0.1');
    await once(other, 'listening');
    const failure = await start(['postgres', 'temporal']).catch((error: Error) => error.message);
    other.close();
    expect(failure).toBe(
      `Port ${config.ports.temporalUi} is in use by another program; free it or set SLIPWAY_TEMPORAL_UI_PORT to another port.`,
    );
    expect(records()).toEqual([]);
  });

  it('refuses a home in which another platform runs, and leaves that one alone', async () => {
    await startRunner('issuer');
    await expect(start(['issuer'])).rejects.toThrow(`process ${runner?.pid}`);
    expect(records().every(({ pid, startTime }) => isSameProcess(pid, startTime))).toBe(true);
    runner?.kill('SIGTERM');
    await until(() => runner?.exitCode === 0, { what: 'the end of the other platform' });
  });

  it('says why a part did not come up, with the last lines of its log', async () => {
    platform = await start(['postgres']);
    await platform.stop();
    rmSync(join(config.home, 'postgres', 'global'), { recursive: true });
    await expect(start(['postgres'])).rejects.toThrow(
      /^postgres ended before it was ready \(log: .*postgres\.log\):\n.*pg_control/s,
    );
  });

  it("keeps the home's secrets from other users", async () => {
    platform = await start(['postgres', 'issuer']);
    const secrets = [
      'postgres.password',
      'run/supervisor.token',
      'pulumi/passphrase',
      'issuer/clients.json',
      'issuer/keys.json',
    ];
    const modes = secrets.map((file) => (statSync(join(config.home, file)).mode & 0o777).toString(8));
    expect(modes).toEqual(secrets.map(() => '600'));
  });
});
