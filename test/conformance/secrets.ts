/** What every SecretStore has to do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretStore } from '../../providers/secrets/port.ts';

export interface SecretStoreSetup {
  store: SecretStore;
  /** Another client of the same store, as another process would have it. */
  again(): SecretStore;
  close(): Promise<void>;
}

export function describeSecretStore(name: string, setup: () => Promise<SecretStoreSetup>): void {
  describe(`SecretStore: ${name}`, () => {
    let it_: SecretStoreSetup;
    beforeAll(async () => {
      it_ = await setup();
      await it_.store.ensureNamespace('env-a');
      await it_.store.ensureNamespace('env-b');
    });
    afterAll(async () => await it_.close());

    it('gives back what was put, also to another client', async () => {
      const ref = await it_.store.put('env-a', 'roundtrip', 'välue "1"\n', 'op-1');
      expect(ref).toMatchObject({ namespace: 'env-a', name: 'roundtrip' });
      expect(await it_.store.read(ref)).toBe('välue "1"\n');
      expect(await it_.again().read(ref)).toBe('välue "1"\n');
    });

    it('makes one version per operation, also when its writers race', async () => {
      const writers = Array.from({ length: 8 }, () => it_.again());
      const refs = await Promise.all(writers.map((store, n) => store.put('env-a', 'once', `value-${n}`, 'op-once')));
      expect(new Set(refs.map((ref) => ref.version)).size).toBe(1);
      const value = await it_.store.read(refs[0]!);
      expect(await it_.store.put('env-a', 'once', 'something else', 'op-once')).toEqual(refs[0]);
      expect(await it_.store.read(refs[0]!)).toBe(value);
    });

    it('keeps every version and names the latest', async () => {
      const refs = [];
      for (const n of [1, 2, 3]) refs.push(await it_.store.put('env-a', 'rotated', `value-${n}`, `op-${n}`));
      expect(new Set(refs.map((ref) => ref.version)).size).toBe(3);
      expect(await it_.store.latest('env-a', 'rotated')).toEqual(refs[2]);
      expect(await Promise.all(refs.map((ref) => it_.store.read(ref)))).toEqual(['value-1', 'value-2', 'value-3']);
    });

    it('does not let a repeated old operation become the latest', async () => {
      const first = await it_.store.put('env-a', 'repeated', 'one', 'op-1');
      const second = await it_.store.put('env-a', 'repeated', 'two', 'op-2');
      expect(await it_.store.put('env-a', 'repeated', 'one', 'op-1')).toEqual(first);
      expect(await it_.store.latest('env-a', 'repeated')).toEqual(second);
    });

    it('refuses a version that is not there, and has no latest of an unknown secret', async () => {
      const ref = await it_.store.put('env-a', 'known', 'value', 'op-1');
      const missing = { ...ref, version: 'ffffffffffffffffffffffffffffffff' };
      await expect(it_.store.read(missing)).rejects.toMatchObject({ failure: { code: 'SecretNotFound' } });
      await expect(it_.store.read({ ...ref, namespace: 'env-b' })).rejects.toMatchObject({
        failure: { code: 'SecretNotFound' },
      });
      expect(await it_.store.has(ref)).toBe(true);
      expect(await it_.store.has(missing)).toBe(false);
      expect(await it_.store.has({ ...ref, namespace: 'env-b' })).toBe(false);
      expect(await it_.store.latest('env-a', 'unknown')).toBeNull();
      expect(await it_.store.latest('env-unknown', 'known')).toBeNull();
    });

    it('refuses to put into a namespace that is not there', async () => {
      await expect(it_.store.put('env-unknown', 'name', 'value', 'op-1')).rejects.toMatchObject({
        failure: { code: 'SecretNotFound' },
      });
      expect(await it_.store.hasNamespace('env-unknown')).toBe(false);
    });

    it('ensures and deletes a namespace as often as it is asked to', async () => {
      await it_.store.ensureNamespace('env-gone');
      await it_.store.ensureNamespace('env-gone');
      const ref = await it_.store.put('env-gone', 'name', 'value', 'op-1');
      expect(await it_.store.hasNamespace('env-gone')).toBe(true);
      await it_.store.deleteNamespace('env-gone');
      await it_.store.deleteNamespace('env-gone');
      expect(await it_.store.hasNamespace('env-gone')).toBe(false);
      await expect(it_.store.read(ref)).rejects.toMatchObject({ failure: { code: 'SecretNotFound' } });
    });

    it.each(['..', '../env-b', '.hidden', 'a/b', '', 'a\0b'])('takes %j for no name', async (bad) => {
      await expect(it_.store.ensureNamespace(bad)).rejects.toThrow();
      await expect(it_.store.put('env-a', bad, 'value', 'op-1')).rejects.toThrow();
      await expect(it_.store.read({ namespace: 'env-a', name: 'known', version: bad })).rejects.toThrow();
    });
  });
}
