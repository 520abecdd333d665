/** Takes the machine out of what is recorded: its paths, its name and its processes; and refuses what looks like a secret. */
import { globSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { localVault } from '../../providers/secrets/local-vault.ts';

export type Scrub = (text: string) => string;

const SOURCES = resolve(import.meta.dirname, '../..');

/** @param home the recorded platform's; it becomes `/slipway/home`, the source tree `/slipway/source`. */
export function openScrub(home: string): Scrub {
  // A client and a worker name themselves after their process: pid@host.
  const identity = new RegExp(`[\\w:.-]+@${hostname().replaceAll(/\W/g, '\\$&')}`, 'g');
  const neutral: [string, string][] = [
    // The real name first: a temporary folder may be reached through a link.
    [realpathSync(home), '/slipway/home'],
    [home, '/slipway/home'],
    [SOURCES, '/slipway/source'],
    [homedir(), '/slipway/user'],
  ];
  return (text) =>
    neutral.reduce((clean, [from, to]) => clean.replaceAll(from, to), text.replaceAll(identity, 'worker'));
}

/** Values that are secrets by their form, wherever they come from. */
const LOOKS_SECRET: [string, RegExp][] = [
  ['a signed token', /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ['a password in a URL', /\w+:\/\/[^\s/:@'"]+:[^\s/@'"]+@/],
  ['a password verifier', /SCRAM-SHA-256\$/],
  ['an authorization header', /\b(bearer|basic) [\w+/=.-]{16,}/i],
  ['a bare password', /"(password|passphrase|clientSecret|client_secret|access_token|privateKey)" ?: ?"/],
];

/** @throws Error when a text holds a secret of this home, or something of a secret's form. */
export async function refuseSecrets(home: string, texts: ReadonlyMap<string, string>): Promise<void> {
  const secrets = [...secretsOf(home), ...(await vaultValues(home))];
  if (secrets.length === 0) throw new Error(`${home} has no secrets: nothing to compare with`);
  for (const [name, text] of texts) {
    for (const { source, value } of secrets) {
      if (text.includes(value)) throw new Error(`${name} holds the secret of ${source}`);
    }
    for (const [what, form] of LOOKS_SECRET) {
      if (form.test(text)) throw new Error(`${name} holds what looks like ${what}`);
    }
  }
}

interface KnownSecret {
  source: string;
  value: string;
}

/** Every long word in the files that only their owner may read; it is the secret, or stands beside it and is not recorded either. */
function secretsOf(home: string): KnownSecret[] {
  return privateFiles(home).flatMap((file) => {
    const words = readFileSync(join(home, file), 'latin1').match(/[\w+/=.-]{20,}/g) ?? [];
    return words.map((value) => ({ source: file, value }));
  });
}

/** The vault's values in clear, from folder/<namespace>/<secret>/<version>.json. */
async function vaultValues(home: string): Promise<KnownSecret[]> {
  const vault = localVault({ folder: join(home, 'vault'), keyFile: join(home, 'vault.key') });
  const refs = globSync('*/*/*.json', { cwd: join(home, 'vault') }).map((file) => {
    const [namespace = '', name = '', version = ''] = file.split(sep);
    return { namespace, name, version: version.slice(0, -'.json'.length) };
  });
  return await Promise.all(
    refs.map(async (ref) => ({ source: `${ref.namespace}/${ref.name}`, value: await vault.read(ref) })),
  );
}

/** Of this home's folders, those in which it keeps its own secrets; the database's files are all private. */
function privateFiles(home: string): string[] {
  return ['.', 'run', 'issuer', 'pulumi'].flatMap((folder) => {
    const names = readdirSync(home).includes(folder) || folder === '.' ? readdirSync(join(home, folder)) : [];
    return names
      .map((name) => join(folder, name))
      .filter((file) => {
        const { mode, size } = statSync(join(home, file));
        return (mode & 0o170_777) === 0o100_600 && size < 64 * 1024;
      });
  });
}
