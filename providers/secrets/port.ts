/** SecretStore: the only place a secret value rests. Everywhere else there are references. */
import type { SecretRef } from '../../domain/secrets.ts';

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
