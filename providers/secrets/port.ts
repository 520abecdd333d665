/** SecretStore: the only place a secret value rests. Everywhere else there are references. */
import type { BoundSecret, SecretRef } from '../../domain/secrets.ts';
import { withoutValues } from '../../domain/tellable.ts';

export type { SecretRef } from '../../domain/secrets.ts';

export interface SecretStore {
  /** Rejects when the store cannot be read now. */
  reach(): Promise<unknown>;
  /** A namespace is one environment's vault. Convergent. */
  ensureNamespace(namespace: string): Promise<void>;
  /** Removes the namespace with all it holds; one that is not there is fine. */
  deleteNamespace(namespace: string): Promise<void>;
  hasNamespace(namespace: string): Promise<boolean>;
  /** A new version; the same `operationId` again gives the version it made before. */
  put(namespace: string, name: string, value: string, operationId: string): Promise<SecretRef>;
  /** The latest enabled version, or null. */
  latest(namespace: string, name: string): Promise<SecretRef | null>;
  /** Whether this version is there; the value is not opened. */
  has(ref: SecretRef): Promise<boolean>;
  /** @throws OperationFault when the version is not there. */
  read(ref: SecretRef): Promise<string>;
}

/** Takes what may not be told out of a text. */
export type Redact = (text: string) => string;

const UNTOLD = '[not told: a secret that may be in it cannot be read]';

/**
 * Takes the values of a workload's secrets out of what it says. Never throws: where one of them cannot be read nobody knows
 * what to take out, and nothing is told.
 */
export async function openRedact(
  store: Pick<SecretStore, 'read'>,
  secrets: readonly BoundSecret[] = [],
): Promise<Redact> {
  try {
    const values = await Promise.all(secrets.map(({ ref }) => store.read(ref)));
    return (text) => withoutValues(text, values);
  } catch {
    return () => UNTOLD;
  }
}
