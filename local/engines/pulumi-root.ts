import { lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The folder whose `bin/pulumi` is this executable; one with a link to it is made in the home when there is none. */
export function pulumiRootOf(executable: string, home: string): string {
  if (basename(executable) === 'pulumi' && basename(dirname(executable)) === 'bin') return dirname(dirname(executable));
  const root = join(home, 'pulumi', 'engine');
  const link = join(root, 'bin', 'pulumi');
  mkdirSync(dirname(link), { recursive: true });
  if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
  symlinkSync(executable, link);
  return root;
}
