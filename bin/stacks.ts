/** The Pulumi engine as the worker uses it: wrapper, plugin and vault wired to this home. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineEnvironment } from '../local/platform/child-environment.ts';
import { localKinds, typesThereOf } from '../local/pulumi-plugin/kinds.ts';
import { ensureSecretFile } from '../local/secret-file.ts';
import { localVault } from '../providers/secrets/local-vault.ts';
import { localEnvironment } from '../providers/stacks/programs/local-environment.ts';
import type { StackEngine } from '../providers/stacks/port.ts';
import { pulumiStacks } from '../providers/stacks/pulumi.ts';
import type { Config } from './config.ts';

/** Between asking a running engine to stop and killing it: as long as one resource of a local environment takes. */
const GRACE_MS = 10_000;

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export function openStacks(config: Config): StackEngine {
  const { home, pulumi } = config;
  const vault = { folder: join(home, 'vault'), keyFile: join(home, 'vault.key') };
  const kinds = localKinds({
    home,
    portBase: config.portBase,
    adminUrl: config.databaseUrl,
    secrets: localVault(vault),
  });
  return pulumiStacks({
    program: localEnvironment,
    remains: ({ environmentId, isolationModel }) => typesThereOf(kinds, environmentId, { isolationModel }),
    root: join(home, 'pulumi'),
    engineRoot: pulumi.root,
    guardPath: beside('pulumi-guard.ts'),
    nodePath: process.execPath,
    pluginPath: beside('plugins'),
    backendUrl: pulumi.backendUrl,
    passphrase: ensureSecretFile(pulumi.passphraseFile),
    env: {
      ...engineEnvironment(config),
      SLIPWAY_NODE: process.execPath,
      SLIPWAY_HOME: home,
      SLIPWAY_PORT_BASE: String(config.portBase),
      SLIPWAY_ADMIN_DATABASE_URL: config.databaseUrl,
      SLIPWAY_VAULT_FOLDER: vault.folder,
      SLIPWAY_VAULT_KEY_FILE: vault.keyFile,
    },
    runsFolder: join(home, 'pulumi', 'runs'),
    graceMs: GRACE_MS,
  });
}
