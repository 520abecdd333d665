/** Which registries images may come from, by configuration. */
import { canonicalRegistry } from '../domain/registry.ts';
import { ConfigError } from './config-error.ts';

const HOST = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$/;

/** Hosts in small letters; null for any. @throws ConfigError */
export function readImageRegistries(env: Record<string, string | undefined>): ReadonlySet<string> | null {
  const { SLIPWAY_IMAGE_REGISTRIES: text } = env;
  if (!text) return null;
  const hosts = text.split(',').map((host) => host.trim().toLowerCase());
  const wrong = hosts.find((host) => !HOST.test(host));
  if (wrong === undefined) return new Set(hosts.map(canonicalRegistry));
  throw new ConfigError(
    `SLIPWAY_IMAGE_REGISTRIES must be hosts with commas between them, like "acr.azurecr.io,localhost:5000"; "${wrong}" is none.`,
  );
}
