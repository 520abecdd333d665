/** The codec server: has private payloads decoded, and encoded, for the Temporal UI and CLI. */
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { pino } from 'pino';
import { openIssuerKeys } from '../api/auth/keys.ts';
import { openTokenVerifier } from '../api/auth/token.ts';
import { codecApp } from '../api/codec/app.ts';
import { drain } from '../local/supervisor/listen.ts';
import { openPayloadCodec } from '../workflows/payload-codec.ts';
import { ConfigError } from './config-error.ts';
import { readConfig } from './config.ts';
import { readEdge } from './edge.ts';
import { onStopSignal } from './on-stop-signal.ts';
import { readPayloadKeys } from './payload-keys.ts';
import { readDecryptionKey } from './token-decryption.ts';

const DRAIN_MS = 5_000;

const log = pino({ name: 'codec-server' }, pino.destination({ sync: false }));

await serve().catch((error: unknown) => {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});

async function serve(): Promise<void> {
  const { env, oidc, payloads, ports, temporal } = readConfig();
  const keys = await readPayloadKeys(env);
  if (!keys || !payloads) {
    throw new ConfigError('SLIPWAY_PAYLOAD_KEYS_FILE names no file: without keys there is nothing to decode.');
  }
  const { codecHost, tls, isSecure } = readEdge(env);
  const onFailure = (failure: Error) => log.warn({ err: failure.cause }, 'the keys of the issuer cannot be read');
  const app = codecApp({
    codec: openPayloadCodec(keys),
    tokens: openTokenVerifier({
      issuer: oidc.issuer,
      audience: oidc.internalAudience,
      keys: openIssuerKeys({ issuer: oidc.issuer, onFailure }),
      decryptionKey: readDecryptionKey(env),
    }),
    namespace: temporal.namespace,
    uiOrigin: payloads.uiOrigin,
    isSecure,
    log,
  });
  const server = tls ? createTlsServer({ cert: tls.cert, key: tls.key }, app) : createServer(app);
  await listen(server, ports.codec, codecHost);
  log.info({ at: payloads.codecUrl, for: payloads.uiOrigin, tls: tls !== undefined }, 'listens');
  onStopSignal(async () => {
    await drain(server, DRAIN_MS);
    log.info('stopped');
  });
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  await listening.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new ConfigError(`Port ${port} is in use: stop what listens there, or set SLIPWAY_CODEC_PORT to a free one.`);
  });
}
