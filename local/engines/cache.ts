// Where engines are kept between runs: one folder per name and version in the user's cache, shared by every clone.
import { homedir } from 'node:os';
import { join } from 'node:path';

export const TEMPORAL_VERSION = '1.5.1';
export const PULUMI_VERSION = '3.255.0';
export const OPA_VERSION = '1.22.2';
export const OASDIFF_VERSION = '1.37.0';

/** `<cache home>/slipway/engines/<name>-<version>` */
export function engineFolder(cacheHome: string, name: string, version: string): string {
  return join(cacheHome, 'slipway', 'engines', `${name}-${version}`);
}

/** The folder whose `bin/pulumi` is the cached engine. */
export function defaultPulumiRoot(cacheHome: string): string {
  return engineFolder(cacheHome, 'pulumi', PULUMI_VERSION);
}

/** The user's cache folder as the XDG rules name it. */
export function cacheHomeOf(env: Record<string, string | undefined>): string {
  return env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
}
