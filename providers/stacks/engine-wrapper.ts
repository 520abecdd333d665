// The Automation API runs `<root>/bin/pulumi`; ours sends every command that locks a stack or takes time through the guard.
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../durable-file.ts';

export interface EngineWrapperOptions {
  /** Where `bin/pulumi` is written. */
  wrapperRoot: string;
  /** Its `bin/pulumi` is the real engine. */
  engineRoot: string;
  /** `bin/pulumi-guard.ts` */
  guardPath: string;
  /** The Node that runs the guard. */
  nodePath: string;
}

/** Writes the wrapper (absolute paths inside, so it needs nothing from the environment) and returns its root. */
export async function ensureEngineWrapper(options: EngineWrapperOptions): Promise<string> {
  const engine = quoted(join(options.engineRoot, 'bin', 'pulumi'));
  const script = [
    '#!/bin/sh',
    '# Written by Slipway. Commands that lock a stack or take time run under its guard; the others go straight to the engine.',
    `case "$1 \${2-}" in`,
    `  'up '* | 'destroy '* | 'refresh '* | 'preview '* | 'cancel '* | 'stack init' | 'stack rm')`,
    `    exec ${quoted(options.nodePath)} ${quoted(options.guardPath)} ${engine} "$@" ;;`,
    'esac',
    `exec ${engine} "$@"`,
    '',
  ].join('\n');
  const folder = join(options.wrapperRoot, 'bin');
  const path = join(folder, 'pulumi');
  if ((await readFile(path, 'utf8').catch(() => null)) !== script) {
    await mkdir(folder, { recursive: true });
    await writeDurably(path, script);
  }
  await chmod(path, 0o700);
  return options.wrapperRoot;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
