/** Holds an `up` at a known point, half way through its Database, and looks at the engine's processes and records. */
import { execFileSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import type { StackSpec } from '../../providers/stacks/port.ts';
import { processesOfRun } from '../../providers/stacks/engine-process.ts';
import { type EngineRun, readRuns } from '../../providers/stacks/engine-runs.ts';
import { stackKeyOf } from '../../providers/stacks/pulumi-workspace.ts';
import { lockFolderOf } from '../../providers/stacks/stale-locks.ts';
import { until } from '../_support/until.ts';
import type { StackPeers } from './peers.ts';

/** Nobody can create a role while it is held, so the plugin waits inside `create` of the Database. */
export async function holdDatabases(
  peers: StackPeers,
): Promise<{ release(): Promise<void>; reached(): Promise<void> }> {
  const holder = new pg.Client({ connectionString: peers.databaseUrl });
  await holder.connect();
  await holder.query('begin');
  await holder.query('lock table pg_authid in share mode');
  return {
    async reached() {
      const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'create role%'`;
      await until(async () => (await peers.query(waiting)).length > 0, { what: 'the plugin to be inside create' });
    },
    release: async () => await holder.end(),
  };
}

/** The runs on record, the highest fence first. */
export async function runsOf(peers: StackPeers, spec: StackSpec): Promise<EngineRun[]> {
  return await readRuns({ runsFolder: peers.options.runsFolder, stack: stackKeyOf(spec) });
}

/** The run that lives now. */
export async function livingRun(peers: StackPeers, spec: StackSpec): Promise<EngineRun> {
  const [run] = (await runsOf(peers, spec)).filter(({ ended }) => !ended);
  if (!run) throw new Error('no run lives');
  return run;
}

export function parentOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
}

export async function isGone({ runId }: EngineRun): Promise<boolean> {
  return (await processesOfRun(runId)).length === 0;
}

/** What the state file says: the resources of ours, and the steps that were begun and never ended. */
export async function stateOf(peers: StackPeers, spec: StackSpec): Promise<{ types: string[]; pending: string[] }> {
  const { checkpoint } = JSON.parse(await readFile(stateFileOf(peers, spec), 'utf8')) as Checkpoint;
  const { resources = [], pending_operations: pending = [] } = checkpoint.latest;
  const types = resources.map(({ type }) => type).filter((type) => type.startsWith('slipway:'));
  return { types: types.sort(), pending: pending.map(({ resource }) => resource.type) };
}

const ALL_TYPES = ['Database', 'Folder', 'PortRange', 'VaultNamespace'].map((type) => `slipway:local:${type}`);

/** Exactly one of everything, known to the state, nothing pending, no lock. */
export async function expectWholeAndSingle(peers: StackPeers, spec: StackSpec): Promise<void> {
  const { schemas, ...single } = await peers.existing(spec.environmentId);
  expect(schemas).toEqual([]);
  for (const [kind, names] of Object.entries(single)) expect(names, kind).toHaveLength(1);
  expect(await stateOf(peers, spec)).toEqual({ types: ALL_TYPES, pending: [] });
  expect(await readdir(lockFolder(peers, spec)).catch(() => [])).toEqual([]);
}

export function stateFileOf(peers: StackPeers, spec: StackSpec): string {
  return join(stateFolder(peers), '.pulumi', 'stacks', `${stackKeyOf(spec)}.json`);
}

export function lockFolder(peers: StackPeers, spec: StackSpec): string {
  return lockFolderOf(peers.options.backendUrl, stackKeyOf(spec));
}

export function stateFolder(peers: StackPeers): string {
  return peers.options.backendUrl.replace('file://', '');
}

interface Checkpoint {
  checkpoint: {
    latest: { resources?: { type: string }[]; pending_operations?: { resource: { type: string } }[] };
  };
}
