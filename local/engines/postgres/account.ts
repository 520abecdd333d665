// Postgres refuses to run as root. When we are root it runs as the user `postgres` (else `nobody`), which may not be
// able to walk into the folders (a home of mode 0700); then it keeps one capability that lets it.
import { execFileSync } from 'node:child_process';
import { accessSync, chownSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface PostgresAccount {
  /** Set when the command has to run as another user. */
  user?: { uid: number; gid: number };
  /** The command line that runs `command` so that it can reach `folders`. */
  commandFor(command: string, args: readonly string[]): PostgresCommand;
}

export interface PostgresCommand {
  command: string;
  args: string[];
  user?: { uid: number; gid: number };
}

const OTHERS_MAY_ENTER = 0o001;

/** Who runs Postgres here; a data folder that exists keeps its owner. @throws Error one sentence when nobody can */
export function postgresAccount(dataFolder: string, folders: readonly string[]): PostgresAccount {
  if (process.getuid?.() !== 0) return { commandFor: (command, args) => ({ command, args: [...args] }) };
  const user = existsSync(dataFolder) ? ownerOf(dataFolder) : (accountOf('postgres') ?? accountOf('nobody'));
  if (!user) {
    throw new Error(
      'Postgres does not run as root and there is no user "postgres" or "nobody" to run it as; start Slipway as another user or set DATABASE_URL.',
    );
  }
  const reachable = folders.every((folder) => othersMayEnter(folder));
  if (!reachable) requireSetpriv(folders);
  return {
    user,
    commandFor: (command, args) =>
      reachable ? { command, args: [...args], user } : { command: SETPRIV, args: [...dropTo(user), command, ...args] },
  };
}

/** Gives a file to the account, so that the server may read it. */
export function giveTo({ user }: PostgresAccount, path: string): void {
  if (user) chownSync(path, user.uid, user.gid);
}

const SETPRIV = 'setpriv';

function dropTo({ uid, gid }: { uid: number; gid: number }): string[] {
  const capability = '+dac_override';
  return [
    ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
    ...[`--inh-caps=${capability}`, `--ambient-caps=${capability}`, '--'],
  ];
}

function othersMayEnter(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & OTHERS_MAY_ENTER) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

function requireSetpriv(folders: readonly string[]): void {
  const found = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(`${folder}/${SETPRIV}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) {
    throw new Error(
      `Postgres does not run as root, and another user cannot enter ${folders.join(' or ')}; move them to an open folder, or set SLIPWAY_HOME or DATABASE_URL.`,
    );
  }
}

function ownerOf(path: string): { uid: number; gid: number } | null {
  const { uid, gid } = statSync(path);
  return uid === 0 ? null : { uid, gid };
}

function accountOf(name: string): { uid: number; gid: number } | null {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}
