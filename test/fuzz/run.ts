/**
 * `node bin/bootstrap.mjs test/fuzz/run.ts`: schemathesis against the document and the API that serves it. Without `--url` it starts the
 * API itself over real Postgres, Temporal and issuer; no worker runs, so nothing that is accepted is carried out.
 *
 *   --url U --token T   a platform that runs already, and a token for it
 *   --max-examples N    per operation and phase (default 50)
 *   --seed N            repeats a run
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { openApiStand, ROOT } from '../_support/api.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    'max-examples': { type: 'string', default: '50' },
    seed: { type: 'string' },
  },
});

process.exitCode = values.url === undefined ? await onOwnStand() : await fuzz(values.url, values.token ?? '');

async function onOwnStand(): Promise<number> {
  await using stand = await openApiStand();
  return await fuzz(stand.api.rest.url, await stand.token({ ttlSeconds: 7200 }));
}

async function fuzz(url: string, token: string): Promise<number> {
  const config = join(import.meta.dirname, 'schemathesis.toml');
  // Schemathesis leaves what it needs for a replay where it runs.
  const cwd = join(ROOT, '.slipway', 'fuzz');
  mkdirSync(cwd, { recursive: true });
  const seed = values.seed === undefined ? [] : ['--seed', values.seed];
  const { exitCode, failed, code } = await execa(
    'schemathesis',
    [
      ...['--config-file', config, 'run', `${url}/openapi.json`, '--url', url, '--checks', 'all'],
      ...['--header', `Authorization: Bearer ${token}`, '--max-examples', values['max-examples'], ...seed],
    ],
    { cwd, stdio: 'inherit', reject: false },
  );
  if (code === 'ENOENT') console.error('schemathesis is not on the PATH: pip install schemathesis');
  return exitCode ?? (failed ? 1 : 0);
}
