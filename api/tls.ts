/** TLS of both front doors. */
export interface Tls {
  /** PEM: our certificate, and those between it and the root. */
  cert: Buffer;
  /** PEM: the private key of it. */
  key: Buffer;
  /** PEM: whose certificates a client must show one of (mutual TLS); without it none is asked for. */
  clientCa?: Buffer;
}
