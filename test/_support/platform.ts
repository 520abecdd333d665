/** A whole embedded platform of its own for one test file: real engines, free ports, a home under the temp folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type Config } from '../../bin/config.ts';
import type { PartName } from '../../local/platform/parts.ts';
import { startPlatform, type Platform } from '../../local/platform/platform.ts';
import { leaveResponses, watchResponses } from './every-response.ts';
import { claimStretch, freePorts } from './free-port.ts';

export interface TestPlatform extends AsyncDisposable {
  config: Config;
  platform: Platform;
  home: string;
  /** Stops everything and starts it again in the same home, as a second `npm start` does. */
  startAgain(): Promise<void>;
}

export interface TestPlatformOptions {
  parts?: readonly PartName[];
  /** Further variables of every process. */
  env?: Record<string, string>;
  /** What Postgres has committed outlives its process. @default false */
  durable?: boolean;
}

/** Starts it; disposing stops every process and removes the home. */
export async function openTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const { parts, env = {}, durable = false } = options;
  const home = mkdtempSync(join(tmpdir(), 'slw-'));
  const stretch = await claimStretch();
  const ports = { SLIPWAY_PORT_BASE: String(stretch.first), ...(await freePorts(PORTS)) };
  const config = readConfig({ ...process.env, SLIPWAY_HOME: home, ...UNLIMITED, ...ports, ...env });
  const start = () => startPlatform({ config, onProgress: () => undefined, durable, parts });
  const platform = await start();
  const doors = [platform.config.ports.rest, platform.config.ports.internal];
  doors.forEach(watchResponses);
  const opened: TestPlatform = {
    config: platform.config,
    platform,
    home,
    async startAgain() {
      await opened.platform.stop();
      opened.platform = await start();
    },
    async [Symbol.asyncDispose]() {
      await opened.platform.stop();
      await stretch.release();
      doors.forEach(leaveResponses);
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return opened;
}

/** Tests poll and flood; one that is about the limits sets its own. */
const UNLIMITED = { SLIPWAY_RATE_LIMIT_TENANT_PER_SECOND: '0', SLIPWAY_RATE_LIMIT_CLIENT_PER_SECOND: '0' };

const PORTS = [
  'REST',
  'INTERNAL',
  'GRPC',
  'INTERNAL_GRPC',
  'TEMPORAL',
  'TEMPORAL_UI',
  'ISSUER',
  'POSTGRES',
  'SUPERVISOR',
  'PROXY',
  'CODEC',
];
