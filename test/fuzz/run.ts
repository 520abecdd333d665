/**
 * `node bin/bootstrap.mjs test/fuzz/run.ts`: schemathesis against the document and the API that serves it, part by part:
 * one for each operation, and one that follows links from one to the next. A part that is done is not done again, so a
 * run that was stopped goes on where it stood. Without `--url` it starts the API itself over real Postgres, Temporal and
 * issuer, without rate limits; no worker runs, so nothing that is accepted is carried out.
 *
 *   --url U --token T   a platform that runs already, and a token for it
 *   --max-examples N    per operation and phase (default 50)
 *   --minutes N         for the part that follows links (default 5)
 *   --seed N            repeats a run; its results are in .slipway/fuzz/<seed> (default 1)
 *   --only WORD         parts whose name has the word
 *   --again             does again what is done
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { openApiStand, ROOT } from '../_support/api.ts';
import { document } from '../_support/contract.ts';
import { tallyResponses, type ResponseTally } from './tally.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    'max-examples': { type: 'string', default: '50' },
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
  },
});

/** What schemathesis is told to do. */
interface Part {
  name: string;
  args: string[];
}

interface Result extends ResponseTally {
  part: string;
  /** 0 when every check held. */
  exitCode: number;
}

const folder = join(ROOT, '.slipway', 'fuzz', values.seed);
const names = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);
const parts: Part[] = [
  ...names.map((name) => ({
    name,
    args: [...['--include-name', name, '--phases', 'examples,coverage,fuzzing'], ...examples()],
  })),
  { name: 'links', args: ['--phases', 'stateful', '--max-time', String(Number(values.minutes) * 60), ...examples()] },
].filter(({ name }) => name.includes(values.only));

function examples(): string[] {
  return ['--max-examples', values['max-examples']];
}

const resultFile = ({ name }: Part) => join(folder, `${name.replaceAll(/[^A-Za-z0-9]+/g, '-')}.json`);

process.exitCode = values.url === undefined ? await onOwnStand() : await fuzz(values.url, values.token ?? '');

async function onOwnStand(): Promise<number> {
  await using stand = await openApiStand();
  return await fuzz(stand.api.rest.url, await stand.token({ ttlSeconds: 4 * 3600 }));
}

async function fuzz(url: string, token: string): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const results: Result[] = [];
  for (const part of parts) {
    const file = resultFile(part);
    if (values.again) rmSync(file, { force: true });
    if (!existsSync(file)) writeFileSync(file, JSON.stringify(await run(part, url, token)));
    results.push(JSON.parse(readFileSync(file, 'utf8')) as Result);
  }
  return report(results);
}

async function run({ name, args }: Part, url: string, token: string): Promise<Result> {
  console.log(`\n# ${name}`);
  const tally = tallyResponses();
  const config = join(import.meta.dirname, 'schemathesis.toml');
  const { exitCode, code } = await execa(
    'schemathesis',
    [
      ...['--config-file', config, 'run', `${url}/openapi.json`, '--url', url, '--checks', 'all'],
      ...['--header', `Authorization: Bearer ${token}`, '--seed', values.seed, ...args],
    ],
    // Schemathesis leaves what it needs for a replay where it runs.
    { cwd: folder, stdio: 'inherit', reject: false },
  );
  if (code === 'ENOENT') throw new Error('schemathesis is not on the PATH: pip install schemathesis');
  return { part: name, exitCode: exitCode ?? 1, ...tally.take() };
}

function report(results: Result[]): number {
  const failed = results.filter(({ exitCode }) => exitCode !== 0);
  const count = results.reduce((sum, { requests }) => sum + requests, 0);
  const faults = results.reduce((sum, { serverErrors }) => sum + serverErrors, 0);
  console.log(`\n${results.length} parts, ${count} requests, ${faults} answers of 500 and above.`);
  for (const { part } of failed) console.log(`not all checks held: ${part}`);
  return failed.length === 0 ? 0 : 1;
}
