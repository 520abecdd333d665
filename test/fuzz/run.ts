/**
 * `node bin/bootstrap.mjs test/fuzz/run.ts`: schemathesis against both documents, the public and the internal one, and the
 * API that serves them, part by part: one for the operations on each noun, and one for each document that follows links
 * from one to the next. A part that is done is not done again, so a run that was stopped goes on where it stood. Every
 * answer is also held against the document as the API's own tests do it, line by line and event by event.
 *
 * Without `--url` it starts the API itself over real Postgres, Temporal, issuer and supervisor, without rate limits; no
 * worker runs, so nothing that is accepted is carried out. A stream ends there soon, because its token does. It fails
 * when a check does, at an answer of 500 and above, at an answer that the document does not have, and when less was asked
 * than wanted.
 *
 *   --url U --token T   a platform that runs already, and a token for it; its endless streams are left out
 *   --internal-url U --internal-token T   its internal APIs
 *   --max-examples N    per operation and phase (default 300)
 *   --minutes N         for each part that follows links (default 5)
 *   --at-least N        requests of all parts together (default 20000; with `--only` 0)
 *   --seed N            repeats a run; its results are in .slipway/fuzz/<seed> (default 1)
 *   --only WORD         parts whose name has the word
 *   --again             does again what is done
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { ROOT } from '../_support/api.ts';
import { readAnswers, sumOf, type Answers } from './answers.ts';
import { doorsOf, openDoors, type Door } from './doors.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    'internal-url': { type: 'string' },
    'internal-token': { type: 'string' },
    'max-examples': { type: 'string', default: '300' },
    minutes: { type: 'string', default: '5' },
    'at-least': { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    again: { type: 'boolean', default: false },
  },
});
const atLeast = Number(values['at-least'] ?? (values.only === '' ? 20_000 : 0));

/** What schemathesis is told to do. */
interface Part {
  name: string;
  door: Door;
  args: string[];
}

interface Result extends Answers {
  part: string;
  /** 0 when every check of schemathesis held. */
  exitCode: number;
}

const folder = join(ROOT, '.slipway', 'fuzz', values.seed);
const { stdout: version } = await execa('schemathesis', ['--version'], { reject: false });
if (!version) throw new Error('schemathesis is not on the PATH: pip install schemathesis');
process.exitCode =
  values.url === undefined && values['internal-url'] === undefined
    ? await onOwnStand()
    : await fuzz(doorsOf({ ...values, internalUrl: values['internal-url'], internalToken: values['internal-token'] }));

async function onOwnStand(): Promise<number> {
  await using stand = await openDoors();
  return await fuzz(stand.doors);
}

async function fuzz(doors: Door[]): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const results: Result[] = [];
  for (const part of doors.flatMap(partsOf).filter(({ name }) => name.includes(values.only))) {
    const file = `${fileOf(part)}.json`;
    if (values.again) rmSync(file, { force: true });
    if (!existsSync(file)) writeFileSync(file, JSON.stringify(await run(part)));
    results.push(JSON.parse(readFileSync(file, 'utf8')) as Result);
  }
  return report(results);
}

function partsOf(door: Door): Part[] {
  const nouns = [...new Set(Object.keys(door.contract.document.paths).map(nounOf))];
  const leftOut = door.isEndless ? endlessOf(door).flatMap((name) => ['--exclude-name', name]) : [];
  const args = [...leftOut, '--max-examples', values['max-examples']];
  return [
    ...nouns.map((noun) => ({
      name: `${door.name} ${noun}`,
      door,
      args: [...namesOf(door, noun), '--phases', 'examples,coverage,fuzzing', ...args],
    })),
    {
      name: `${door.name} links`,
      door,
      args: ['--phases', 'stateful', '--max-time', String(Number(values.minutes) * 60), ...args],
    },
  ];
}

/** `deployments` of `/v1/runtime/deployments/{deploymentId}`; what is outside of the version is one. */
function nounOf(path: string): string {
  return /^\/v1\/runtime\/(?:internal\/)?([a-z-]+)/.exec(path)?.[1] ?? 'open';
}

function operationsOf({ contract }: Door) {
  return Object.entries(contract.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  );
}

function namesOf(door: Door, noun: string): string[] {
  const own = operationsOf(door).filter(({ path }) => nounOf(path) === noun);
  return own.flatMap(({ name }) => ['--include-name', name]);
}

function endlessOf(door: Door): string[] {
  const endless = operationsOf(door).filter(({ operation }) =>
    Object.values(operation.responses).some(({ content }) => 'text/event-stream' in content),
  );
  return endless.map(({ name }) => name);
}

function fileOf({ name }: Part): string {
  return join(folder, name.replaceAll(' ', '-'));
}

async function run(part: Part): Promise<Result> {
  const { name, door, args } = part;
  console.log(`\n# ${name}`);
  const [config, lines] = [`${fileOf(part)}.toml`, `${fileOf(part)}.ndjson`];
  writeFileSync(config, await configOf(door));
  const { exitCode } = await execa(
    'schemathesis',
    [
      ...['--config-file', config, 'run', `${door.url}/openapi.json`, '--url', door.url, '--checks', 'all'],
      ...['--header', `Authorization: Bearer ${door.token}`, '--seed', values.seed, ...args],
      ...['--report', 'ndjson', '--report-ndjson-path', lines],
    ],
    {
      // Schemathesis leaves what it needs for a replay where it runs.
      cwd: folder,
      env: { SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: import.meta.dirname, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: 'inherit',
      reject: false,
    },
  );
  return { part: name, exitCode: exitCode ?? 1, ...(await readAnswers(lines, door.contract)) };
}

/** Half of what is named in requests is there. */
async function configOf(door: Door): Promise<string> {
  const known = Object.entries(await door.known());
  const names = new Map(known.map(([place], index) => [place, `known-${index}`]));
  return [
    readFileSync(join(import.meta.dirname, 'schemathesis.toml'), 'utf8'),
    ...known.map(([place, all]) => `[dictionaries.${names.get(place)}]\nvalues = ${JSON.stringify(all)}`),
    ...(known.length > 0 ? ['[parameters]'] : []),
    ...known.map(([place]) => `"${place}" = { dictionary = "${names.get(place)}", probability = 0.5 }`),
  ].join('\n');
}

function report(results: Result[]): number {
  const { requests, statuses, mismatches } = sumOf(results);
  const faults = Object.entries(statuses).filter(([status]) => status === 'none' || Number(status) >= 500);
  const wrong = [
    ...results.filter(({ exitCode }) => exitCode !== 0).map(({ part }) => `not all checks held: ${part}`),
    ...faults.map(([status, count]) => `${count} answers of status ${status}`),
    ...mismatches,
    ...(requests < atLeast ? [`${requests} requests are less than the ${atLeast} that were wanted`] : []),
  ];
  console.log(`\n${version}, seed ${values.seed}: ${results.length} parts, ${requests} requests.`);
  console.log(
    `Statuses: ${Object.entries(statuses)
      .map(([status, count]) => `${status}: ${count}`)
      .join(', ')}.`,
  );
  console.log(`${mismatches.length} answers are not those of the document.`);
  for (const line of wrong) console.log(line);
  return wrong.length === 0 ? 0 : 1;
}
