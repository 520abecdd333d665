/** Where the API listens and how it is protected there, by configuration. Nothing plain leaves the machine by mistake. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Tls } from '../api/tls.ts';
import { ConfigError } from './config-error.ts';

export interface Edge {
  host: string;
  /** Where the internal APIs listen: on loopback, unless they are wanted elsewhere too. */
  internalHost: string;
  /** Where the codec server listens, likewise. */
  codecHost: string;
  tls?: Tls;
  /** Whether clients speak TLS, to us or to what stands before us. */
  isSecure: boolean;
  /** How long calls are still taken after readiness has gone down. */
  shutdownDelaySeconds: number;
}

type Environment = Record<string, string | undefined>;

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const MAX_DELAY_SECONDS = 300;

/** @throws ConfigError */
export function readEdge(env: Environment): Edge {
  const host = env.SLIPWAY_HOST || '127.0.0.1';
  const internalHost = env.SLIPWAY_INTERNAL_HOST || '127.0.0.1';
  const codecHost = env.SLIPWAY_CODEC_HOST || '127.0.0.1';
  const tls = readTls(env);
  const terminated = isTerminated(env);
  if (tls && terminated) {
    throw new ConfigError('SLIPWAY_TLS is terminated, which excludes SLIPWAY_TLS_CERT_FILE: unset one of them.');
  }
  const hosts = { SLIPWAY_HOST: host, SLIPWAY_INTERNAL_HOST: internalHost, SLIPWAY_CODEC_HOST: codecHost };
  for (const [variable, wanted] of Object.entries(hosts)) {
    if (LOOPBACK.has(wanted) || tls || terminated) continue;
    throw new ConfigError(
      `${variable} is ${wanted}, and beyond loopback this API listens with TLS only: set SLIPWAY_TLS_CERT_FILE and SLIPWAY_TLS_KEY_FILE, or SLIPWAY_TLS=terminated when a proxy before it ends TLS.`,
    );
  }
  const isSecure = tls !== undefined || terminated;
  return { host, internalHost, codecHost, tls, isSecure, shutdownDelaySeconds: readDelay(env) };
}

function isTerminated({ SLIPWAY_TLS }: Environment): boolean {
  if (SLIPWAY_TLS && SLIPWAY_TLS !== 'terminated') {
    throw new ConfigError(`SLIPWAY_TLS can only be terminated, not "${SLIPWAY_TLS}".`);
  }
  return SLIPWAY_TLS === 'terminated';
}

function readTls(env: Environment): Tls | undefined {
  const cert = readPem(env, 'SLIPWAY_TLS_CERT_FILE');
  const key = readPem(env, 'SLIPWAY_TLS_KEY_FILE');
  const clientCa = readPem(env, 'SLIPWAY_TLS_CLIENT_CA_FILE');
  if (!cert && !key && !clientCa) return undefined;
  if (!cert || !key) {
    throw new ConfigError(
      'TLS needs both a certificate and its key: set SLIPWAY_TLS_CERT_FILE and SLIPWAY_TLS_KEY_FILE.',
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const message =
      'SLIPWAY_TLS_CERT_FILE and SLIPWAY_TLS_KEY_FILE are not a certificate and its unencrypted key (PEM).';
    throw new ConfigError(message, { cause });
  }
  if (clientCa && !isCertificate(clientCa)) {
    throw new ConfigError('SLIPWAY_TLS_CLIENT_CA_FILE holds no certificate (PEM).');
  }
  return { cert, key, ...(clientCa && { clientCa }) };
}

function readPem(env: Environment, variable: string): Buffer | undefined {
  const file = env[variable];
  if (!file) return undefined;
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ConfigError(`${variable} names ${file}, which cannot be read.`, { cause });
  }
}

/** Of a file that is none, nobody's certificate could be told from anybody's. */
function isCertificate(pem: Buffer): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function readDelay({ SLIPWAY_SHUTDOWN_DELAY_SECONDS: text }: Environment): number {
  const seconds = Number(text || 0);
  if (!(seconds >= 0 && seconds <= MAX_DELAY_SECONDS)) {
    throw new ConfigError(`SLIPWAY_SHUTDOWN_DELAY_SECONDS must be from 0 to ${MAX_DELAY_SECONDS}, not "${text}".`);
  }
  return seconds;
}
