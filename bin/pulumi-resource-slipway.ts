/**
 * The Pulumi provider plugin of local environments. The engine starts it through the executable
 * `bin/plugins/pulumi-resource-slipway`, because the file's name is how an engine knows a plugin.
 * Reads SLIPWAY_HOME, SLIPWAY_PORT_BASE, SLIPWAY_ADMIN_DATABASE_URL, SLIPWAY_VAULT_FOLDER, SLIPWAY_VAULT_KEY_FILE.
 */
// Not the package's root: that takes a second more to load, at every command of the engine.
import { main } from '@pulumi/pulumi/provider/index.js';
import { endWithEngine } from '../local/pulumi-plugin/end-with-engine.ts';
import { localKinds } from '../local/pulumi-plugin/kinds.ts';
import { slipwayProvider } from '../local/pulumi-plugin/provider.ts';
import { localVault } from '../providers/secrets/local-vault.ts';

function required(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set`);
  return value;
}

endWithEngine();
await main(
  slipwayProvider(
    localKinds({
      home: required('SLIPWAY_HOME'),
      portBase: Number(required('SLIPWAY_PORT_BASE')),
      adminUrl: required('SLIPWAY_ADMIN_DATABASE_URL'),
      secrets: localVault({ folder: required('SLIPWAY_VAULT_FOLDER'), keyFile: required('SLIPWAY_VAULT_KEY_FILE') }),
    }),
  ),
  process.argv.slice(2),
);
