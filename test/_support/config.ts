import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type Config } from '../../bin/config.ts';
import { PORT_VARIABLES } from '../../local/platform/config.ts';
import { freePort } from './free-port.ts';

/** Settings on free ports in a temporary home, read from an environment as a process would; `env` is added to it. */
export async function testConfig(env: Record<string, string> = {}): Promise<Config> {
  const ports: Record<string, string> = {};
  for (const variable of Object.values(PORT_VARIABLES)) ports[variable] = String(await freePort());
  const { PATH, HOME, XDG_CACHE_HOME, SLIPWAY_TEMPORAL_BIN, SLIPWAY_PULUMI_BIN } = process.env;
  const machine = { PATH, HOME, XDG_CACHE_HOME, SLIPWAY_TEMPORAL_BIN, SLIPWAY_PULUMI_BIN };
  return readConfig({ ...machine, SLIPWAY_HOME: mkdtempSync(join(tmpdir(), 'slw-')), ...ports, ...env });
}
