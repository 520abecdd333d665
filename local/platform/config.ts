// The settings of every process of Slipway, typed. Only `bin/config.ts` fills it, from the environment.

/** TCP ports on 127.0.0.1. */
export interface Ports {
  rest: number;
  /** The internal APIs, for services of the platform. */
  internal: number;
  grpc: number;
  /** The internal APIs over gRPC. */
  internalGrpc: number;
  temporal: number;
  temporalUi: number;
  issuer: number;
  postgres: number;
  supervisor: number;
  proxy: number;
  /** The codec server. */
  codec: number;
}

/** The environment variable that sets each port; named in the sentence about a busy one. */
export const PORT_VARIABLES: Record<keyof Ports, string> = {
  rest: 'SLIPWAY_REST_PORT',
  internal: 'SLIPWAY_INTERNAL_PORT',
  grpc: 'SLIPWAY_GRPC_PORT',
  internalGrpc: 'SLIPWAY_INTERNAL_GRPC_PORT',
  temporal: 'SLIPWAY_TEMPORAL_PORT',
  temporalUi: 'SLIPWAY_TEMPORAL_UI_PORT',
  issuer: 'SLIPWAY_ISSUER_PORT',
  postgres: 'SLIPWAY_POSTGRES_PORT',
  supervisor: 'SLIPWAY_SUPERVISOR_PORT',
  proxy: 'SLIPWAY_PROXY_PORT',
  codec: 'SLIPWAY_CODEC_PORT',
};

export interface Config {
  /** SLIPWAY_HOME, absolute: all state. */
  home: string;
  ports: Ports;
  /** Where the API's REST is called on this machine. */
  restUrl: string;
  /** Where the port ranges of local environments begin. */
  portBase: number;
  /** Given, or the embedded Postgres (with the password this home keeps for it). */
  databaseUrl: string;
  temporal: TemporalConfig;
  /** Tokens of `internalAudience` open the internal APIs, and only those. */
  oidc: { issuer: string; audience: string; internalAudience: string };
  /** Admin APIs; both demand the bearer token in `adminTokenFile`. */
  supervisorUrl: string;
  proxyUrl: string;
  /** Mode 0600, made by whoever comes first (`ensureSecretFile`). */
  adminTokenFile: string;
  pulumi: PulumiConfig;
  /** Set when payloads are private: then the codec server is a part of the platform. */
  payloads?: PayloadsConfig;
  /** Parts given by configuration: they are used as they are and never started. */
  external: { database: boolean; temporal: boolean; issuer: boolean };
  /** The environment this process was started with, for the children and engine builds it starts. */
  env: Record<string, string>;
}

export interface TemporalConfig {
  address: string;
  namespace: string;
  taskQueue: string;
  /** SLIPWAY_DEPLOYMENT: workers have versions, of this name. Without it they have none. */
  deployment?: string;
  /** Pulumi runs, few at a time. */
  stacksTaskQueue: string;
  /** TEMPORAL_API_KEY; implies TLS. */
  apiKey?: string;
  /** TEMPORAL_TLS=true, or an API key. */
  tls: boolean;
}

export interface PulumiConfig {
  /** Folder whose `bin/pulumi` is the engine. */
  root: string;
  backendUrl: string;
  /** Mode 0600, made by whoever comes first (`ensureSecretFile`). */
  passphraseFile: string;
}

export interface PayloadsConfig {
  /** SLIPWAY_PAYLOAD_KEYS_FILE, absolute. */
  keysFile: string;
  /** Where the codec server is called on this machine. */
  codecUrl: string;
  /** Where browsers find the Temporal UI: pages from elsewhere are refused by the codec server. */
  uiOrigin: string;
}
