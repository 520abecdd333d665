/** References to secrets. A value is never part of the domain: it rests in a vault and is fetched where it is used. */

/** One version of one secret. */
export interface SecretRef {
  /** A namespace is one environment's vault. */
  namespace: string;
  name: string;
  version: string;
}

/** An environment variable of a workload, and the version of the secret that it holds. */
export interface BoundSecret {
  name: string;
  ref: SecretRef;
}
