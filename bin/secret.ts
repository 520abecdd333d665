/**
 * `npx node bin/secret.ts <environmentId> <name>`: puts the value on standard input into the vault of a local environment
 * as a new version, and prints its reference. A value is never taken from the command line, which others can read.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { localVault } from '../providers/secrets/local-vault.ts';
import { readConfig } from './config.ts';

const [namespace, name, ...rest] = process.argv.slice(2);
try {
  if (!namespace || !name || rest.length > 0) throw new Error('Say which: secret.ts <environmentId> <name>.');
  // The line end of an echo or a heredoc is no part of the value.
  const value = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (value === '' || value.includes('\0'))
    throw new Error('Give the value on standard input, without NUL characters.');
  const { home } = readConfig();
  const vault = localVault({ folder: join(home, 'vault'), keyFile: join(home, 'vault.key') });
  console.log(JSON.stringify(await vault.put(namespace, name, value, `cli-${randomUUID()}`)));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
