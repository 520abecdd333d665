/** What every StackEngine has to do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IsolationModel } from '../../domain/phases.ts';
import type { StackEngine, StackOutputs, StackRun, StackSpec } from '../../providers/stacks/port.ts';

export interface StackEngineSetup {
  engine: StackEngine;
  /** The names of all that exists for the environment, per kind of resource. */
  existing(environmentId: string): Promise<Record<string, string[]>>;
  /** Takes the environment's folder away behind the engine's back, and tells whether there is one. */
  removeFolder(outputs: StackOutputs): Promise<void>;
  hasFolder(outputs: StackOutputs): boolean;
  /** Loses what the engine remembers of the stack; what it has made stays. */
  loseState(spec: StackSpec): Promise<void>;
  close(): Promise<void>;
}

let lastFence = Date.now();

/** A run with the next fence; `progress` takes its sentences. */
export function nextRun(more: Partial<StackRun> & { progress?: string[] } = {}): StackRun {
  const { progress = [], ...rest } = more;
  const onProgress = (sentence: string) => void progress.push(sentence);
  return { fence: ++lastFence, signal: new AbortController().signal, onProgress, ...rest };
}

export function specOf(name: string, isolationModel: IsolationModel = 'silo', tenantId = 'connectsoft'): StackSpec {
  return {
    ...{ tenantId, environmentId: `env-${name}`, stackName: `booking-${name}`, projectId: 'booking' },
    ...{ stage: 'prod', region: 'westeurope', isolationModel, computeTargets: ['aks'] },
  };
}

/** Runs one operation and says how long it took. */
export async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work;
  console.info(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

const SECONDS = 1000;

export function describeStackEngine(name: string, setup: () => Promise<StackEngineSetup>): void {
  describe(`StackEngine: ${name}`, { timeout: 180 * SECONDS }, () => {
    let it_: StackEngineSetup;
    let outputs: StackOutputs;
    const spec = specOf('c0ffee');
    beforeAll(async () => void (it_ = await setup()), 180 * SECONDS);
    afterAll(async () => await it_.close(), 60 * SECONDS);

    const counts = async (environmentId: string) =>
      Object.fromEntries(
        Object.entries(await it_.existing(environmentId)).map(([kind, names]) => [kind, names.length]),
      );

    it('has no outputs of a stack that is not there, and destroys it all the same', async () => {
      expect(await it_.engine.outputs(spec)).toBeNull();
      await it_.engine.destroy(spec, nextRun());
      await expect(it_.engine.refreshPreview(spec, nextRun())).rejects.toMatchObject({
        failure: { code: 'StackFailed' },
      });
    });

    it('makes each resource of a silo environment exactly once, with a database of its own', async () => {
      const progress: string[] = [];
      outputs = await timed('up, 4 resources', it_.engine.up(spec, nextRun({ progress })));
      expect(await counts(spec.environmentId)).toEqual({
        ...{ folders: 1, blocks: 1, databases: 1, schemas: 0, roles: 1, namespaces: 1 },
      });
      expect(outputs).toMatchObject({
        ...{ portCount: 200, vaultNamespace: spec.environmentId, folder: expect.stringContaining(spec.environmentId) },
        database: { host: '127.0.0.1', schema: 'public', passwordSecret: { namespace: spec.environmentId } },
      });
      expect(progress).toContain('created slipway:local:Folder workspace');
      expect(progress).toHaveLength(4);
    });

    it('changes nothing when up is repeated', async () => {
      const before = await it_.existing(spec.environmentId);
      const progress: string[] = [];
      expect(await timed('up, nothing to do', it_.engine.up(spec, nextRun({ progress })))).toEqual(outputs);
      expect(progress).toEqual([]);
      expect(await it_.existing(spec.environmentId)).toEqual(before);
      expect(await it_.engine.outputs(spec)).toEqual(outputs);
      expect((await timed('preview', it_.engine.refreshPreview(spec, nextRun()))).changes).toEqual([]);
    });

    it('names a folder that somebody deleted, writes nothing while it looks, and up repairs it', async () => {
      await it_.removeFolder(outputs);
      for (let looks = 0; looks < 2; looks++) {
        const { changes } = await it_.engine.refreshPreview(spec, nextRun());
        expect(changes).toEqual([
          { operation: 'create', type: 'slipway:local:Folder', urn: expect.stringContaining('::workspace') },
        ]);
      }
      expect(it_.hasFolder(outputs)).toBe(false);
      expect(await it_.engine.up(spec, nextRun())).toEqual(outputs);
      expect(it_.hasFolder(outputs)).toBe(true);
    });

    it('changes in place what can be changed', async () => {
      const progress: string[] = [];
      expect(await it_.engine.up({ ...spec, region: 'northeurope' }, nextRun({ progress }))).toEqual(outputs);
      expect(progress).toEqual(['updated slipway:local:Folder workspace']);
    });

    it('gives a pool environment a schema of its own in the shared database, and another block of ports', async () => {
      const pool = specOf('bead5', 'pool', 'another-tenant');
      const made = await it_.engine.up(pool, nextRun());
      expect(await counts(pool.environmentId)).toEqual({
        ...{ folders: 1, blocks: 1, databases: 0, schemas: 1, roles: 1, namespaces: 1 },
      });
      expect(made).toMatchObject({ database: { database: 'slipway_shared', schema: 'slipway_env_bead5' } });
      expect(made.portBase).not.toBe(outputs.portBase);
      await it_.engine.destroy(pool, nextRun());
      expect(Object.values(await counts(pool.environmentId))).toEqual([0, 0, 0, 0, 0, 0]);
    });

    it('finds what is there by its tag when the state of the stack is lost, and takes it away all the same', async () => {
      const lost = specOf('f00d');
      expect(await it_.engine.remains(lost)).toEqual([]);
      await it_.engine.up(lost, nextRun());
      const there = await it_.engine.remains(lost);
      expect(there).toHaveLength(4);
      await it_.loseState(lost);
      expect(await it_.engine.outputs(lost)).toBeNull();
      expect(await it_.engine.remains(lost)).toEqual(there);
      await it_.engine.destroy(lost, nextRun());
      expect(await it_.engine.remains(lost)).toEqual([]);
      expect(Object.values(await counts(lost.environmentId))).toEqual([0, 0, 0, 0, 0, 0]);
    });

    it('refuses an attempt that comes after a later one', async () => {
      const { fence } = nextRun();
      await it_.engine.up(spec, nextRun());
      const late = { failure: { code: 'FenceRefused' } };
      await expect(it_.engine.up(spec, nextRun({ fence }))).rejects.toMatchObject(late);
      await expect(it_.engine.destroy(spec, nextRun({ fence }))).rejects.toMatchObject(late);
      expect(await it_.engine.outputs(spec)).toEqual(outputs);
    });

    it('leaves nothing after destroy, which may be repeated, and still refuses an earlier attempt', async () => {
      const { fence } = nextRun();
      await timed('destroy', it_.engine.destroy(spec, nextRun()));
      await it_.engine.destroy(spec, nextRun());
      expect(Object.values(await counts(spec.environmentId))).toEqual([0, 0, 0, 0, 0, 0]);
      expect(await it_.engine.outputs(spec)).toBeNull();
      await expect(it_.engine.up(spec, nextRun({ fence }))).rejects.toMatchObject({
        failure: { code: 'FenceRefused' },
      });
    });
  });
}
