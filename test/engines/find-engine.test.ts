import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engineFolder } from '../../local/engines/cache.ts';
import { OASDIFF, PULUMI, TEMPORAL, versionFits, type Engine } from '../../local/engines/engine.ts';
import { EngineMissingError, findEngine } from '../../local/engines/find-engine.ts';
import { freePort } from '../_support/free-port.ts';

let folder: string;
let said: string[];
let vendor: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slw-'));
  said = [];
});
afterEach(() => {
  vendor?.close();
  vendor = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** An executable that says it is this Temporal. */
function engineAt(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "temporal version ${version} (Server 1.29.1)"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A module that Go builds in a moment, in the place of the real engine's. */
function toolsWith(source: string): string {
  const module = join(folder, 'tools', 'temporal');
  mkdirSync(module, { recursive: true });
  writeFileSync(join(module, 'go.mod'), 'module slipway/test\n\ngo 1.21\n');
  writeFileSync(join(module, 'main.go'), source);
  return join(folder, 'tools');
}

const BUILDS = 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("temporal version 1.5.1\\n") }\n';

async function engine(archiveUrl?: string): Promise<Engine> {
  const url = archiveUrl ?? `http://127.0.0.1:${await freePort()}/temporal.tar.gz`;
  return {
    ...TEMPORAL,
    archive: { url, into: '.', stripComponents: 0 },
    build: { package: 'slipway/test', ldflags: '-s -w' },
  };
}

function search(env: Record<string, string>, toolsFolder = toolsWith('this is no Go')) {
  const { PATH, HOME = '', GOCACHE = join(HOME, '.cache/go-build') } = process.env;
  return {
    env: { PATH, HOME, GOCACHE, XDG_CACHE_HOME: join(folder, 'cache'), ...env },
    toolsFolder,
    onProgress: (sentence: string) => said.push(sentence),
  };
}

async function vendorWith(path: string): Promise<string> {
  return await serving(execFileSync('tar', ['-czf', '-', '-C', dirname(path), 'temporal']));
}

async function bareVendorWith(path: string): Promise<string> {
  return await serving(readFileSync(path));
}

async function serving(archive: Buffer): Promise<string> {
  vendor = createServer((_request, response) => response.end(archive)).listen(0, '127.0.0.1');
  await once(vendor, 'listening');
  return `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/temporal.tar.gz`;
}

describe('findEngine', () => {
  it('prefers an explicit path to PATH, PATH to the cache, and the cache to the vendor', async () => {
    const explicit = engineAt(join(folder, 'mine', 'temporal'), '1.0.0');
    const onPath = engineAt(join(folder, 'path', 'temporal'), '1.6.0');
    const cached = engineAt(join(engineFolder(join(folder, 'cache'), 'temporal', '1.5.1'), 'temporal'), '1.5.1');
    const wanted = await engine();
    const PATH = `${dirname(onPath)}:/usr/bin:/bin`;
    expect(await findEngine(wanted, search({ SLIPWAY_TEMPORAL_BIN: explicit, PATH }))).toBe(explicit);
    expect(await findEngine(wanted, search({ PATH }))).toBe(onPath);
    expect(await findEngine(wanted, search({ PATH: '/usr/bin:/bin' }))).toBe(cached);
    expect(said).toEqual([]);
  });

  it('passes over a version on PATH that does not fit', async () => {
    const old = engineAt(join(folder, 'old', 'temporal'), '1.4.9');
    const next = engineAt(join(folder, 'next', 'temporal'), '2.0.0');
    const cached = engineAt(join(engineFolder(join(folder, 'cache'), 'temporal', '1.5.1'), 'temporal'), '1.5.1');
    const PATH = `${dirname(old)}:${dirname(next)}:/usr/bin:/bin`;
    expect(await findEngine(await engine(), search({ PATH }))).toBe(cached);
  });

  it('refuses an explicit path that names no engine, instead of taking another', async () => {
    engineAt(join(engineFolder(join(folder, 'cache'), 'temporal', '1.5.1'), 'temporal'), '1.5.1');
    const found = findEngine(await engine(), search({ SLIPWAY_TEMPORAL_BIN: join(folder, 'nothing') }));
    await expect(found).rejects.toThrow(
      /^SLIPWAY_TEMPORAL_BIN names .*nothing, which is no Temporal that runs here\.$/,
    );
  });

  it("downloads the vendor's archive into the cache when nothing is at hand", async () => {
    const url = await vendorWith(engineAt(join(folder, 'vendor', 'temporal'), '1.5.1'));
    const found = await findEngine(await engine(url), search({}));
    expect(found).toBe(join(folder, 'cache/slipway/engines/temporal-1.5.1/temporal'));
    expect(said).toEqual([expect.stringMatching(/^Downloading Temporal 1\.5\.1 from 127\.0\.0\.1/)]);
    expect(readdirSync(dirname(found))).toEqual(['temporal']);
  });

  it("takes a vendor's bare executable as it is", async () => {
    const url = await bareVendorWith(engineAt(join(folder, 'vendor', 'temporal'), '1.5.1'));
    const wanted: Engine = { ...(await engine()), archive: { url, isExecutable: true } };
    const found = await findEngine(wanted, search({}));
    expect(readdirSync(dirname(found))).toEqual(['temporal']);
    expect(execFileSync(found, { encoding: 'utf8' })).toContain('1.5.1');
  });

  it('builds with Go when the download fails, once for two that want it, and leaves nothing half made', async () => {
    const wanted = await engine();
    const options = search({}, toolsWith(BUILDS));
    const [one, two] = await Promise.all([findEngine(wanted, options), findEngine(wanted, options)]);
    expect(one).toBe(two);
    expect(said.filter((sentence) => sentence.startsWith('Building'))).toHaveLength(1);
    expect(readdirSync(join(folder, 'cache/slipway/engines'))).toEqual(['temporal-1.5.1']);
  });

  it('says in one sentence what is missing and how to supply it when no way works', async () => {
    const failure = await findEngine(await engine(), search({})).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(EngineMissingError);
    const { message } = failure as Error;
    expect(message).toMatch(/^The Temporal engine is missing: .*download from 127\.0\.0\.1.*Go could not build it/);
    expect(message).toMatch(/Install Temporal 1\.5\.1, or set SLIPWAY_TEMPORAL_BIN to its path\.$/);
    expect(existsSync(join(folder, 'cache/slipway/engines/temporal-1.5.1'))).toBe(false);
  });

  it('takes over the lock and the half-made folder of a process that was killed', async () => {
    const engines = join(folder, 'cache/slipway/engines');
    mkdirSync(join(engines, 'temporal-1.5.1.making'), { recursive: true });
    writeFileSync(
      join(engines, 'temporal-1.5.1.lock'),
      JSON.stringify({ pid: process.pid, startTime: 'another life' }),
    );
    mkdirSync(join(engines, 'temporal-1.5.1'));
    await findEngine(await engine(), search({}, toolsWith(BUILDS)));
    expect(readdirSync(engines)).toEqual(['temporal-1.5.1']);
  });
});

describe('versionFits', () => {
  it('takes the pinned version and newer ones of the same major', () => {
    expect(versionFits(TEMPORAL, 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)')).toBe(true);
    expect(versionFits(TEMPORAL, 'temporal version 0.0.0-DEV (Server 1.29.1)')).toBe(false);
    expect(versionFits(PULUMI, 'v3.255.0')).toBe(true);
    expect(versionFits(PULUMI, 'v3.300.1\n')).toBe(true);
    expect(versionFits(PULUMI, 'v3.254.9')).toBe(false);
    expect(versionFits(PULUMI, 'v4.0.0')).toBe(false);
    expect(versionFits(OASDIFF, 'oasdiff version 1.37.0')).toBe(true);
    expect(versionFits(OASDIFF, 'oasdiff version main')).toBe(false);
  });
});
