/**
 * The shim of one replica: `shim.ts <instance folder>`. Started by the supervisor; ends on SIGTERM with its workload.
 * Reads SLIPWAY_VAULT_FOLDER and SLIPWAY_VAULT_KEY_FILE.
 */
import { flushCompileCache } from 'node:module';
import type { SecretRef } from '../domain/secrets.ts';
import { NOT_NEEDED, startShim } from '../local/supervisor/shim/shim.ts';

const { SLIPWAY_VAULT_FOLDER: vaultFolder = '', SLIPWAY_VAULT_KEY_FILE: keyFile = '' } = process.env;

/** The vault is loaded by those that need it: most replicas have no secrets, and each has a shim. */
async function readSecret(ref: SecretRef): Promise<string> {
  const { localVault } = await import('../providers/secrets/local-vault.ts');
  return await localVault({ folder: vaultFolder, keyFile }).read(ref);
}

const folder = process.argv[2];
const shim = folder === undefined ? null : await startShim(folder, readSecret);
if (shim) {
  const stop = () => void shim.stop();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The next shims then start without the TypeScript compiler, which is half of what a shim would take.
  flushCompileCache();
} else {
  process.exitCode = NOT_NEEDED;
}
