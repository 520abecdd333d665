/** References to secrets. A value is never part of the domain: it rests in a vault and is fetched where it is used. */

/** One version of one secret. */
export interface SecretRef {
  /** A namespace is one environment's vault. */
  namespace: string;
  name: string;
  version: string;
}

/** A binding is in force while the newest binding of at least one of its variables is this one. */
export const SECRET_BINDING_STATUSES = ['InForce', 'Replaced'] as const;
export type SecretBindingStatus = (typeof SECRET_BINDING_STATUSES)[number];

/** An environment variable of a workload, and the version of the secret that it holds. */
export interface BoundSecret {
  name: string;
  ref: SecretRef;
}
