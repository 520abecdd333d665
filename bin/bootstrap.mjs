#!/usr/bin/env node
// Runs `node bin/bootstrap.mjs <script.ts> [args…]` on whatever Node (18 or newer) the machine has: installs the locked
// dependencies when they are missing or stale, then hands over to the Node 24 that is among them. Plain JavaScript
// without dependencies, because it runs before there are any.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const modules = join(root, 'node_modules');
const binFolder = join(modules, '.bin');
const node24 = join(binFolder, 'node');
const stamp = join(modules, '.slipway-lock');
const TICK_MS = 15_000;

class BootstrapError extends Error {}

async function main([script, ...args]) {
  if (!script) throw new BootstrapError('usage: node bin/bootstrap.mjs <script.ts> [arguments…]');
  if (Number(process.versions.node.split('.')[0]) < 18) {
    throw new BootstrapError(`Slipway needs Node 18 or newer to install itself; this is ${process.version}.`);
  }
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const lockHash = createHash('sha256').update(lock).digest('hex');
  if (!isInstalled(lock, lockHash)) await install(lockHash);
  const env = { ...process.env, PATH: [binFolder, ...pathWithoutBin()].join(delimiter) };
  const { code, signal } = await run(node24, [resolve(root, script), ...args], { env });
  return signal ? 128 + constants.signals[signal] : code;
}

function isInstalled(lock, lockHash) {
  if (!existsSync(node24)) return false;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash) return true;
  if (!matchesNpmRecord(lock)) return false;
  writeFileSync(stamp, lockHash);
  return true;
}

/** npm records what it installed: after a plain `npm install` that record tells whether the lock is met. */
function matchesNpmRecord(lock) {
  const record = join(modules, '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(lock).packages;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const missing = Object.entries(wanted).some(
    ([path, entry]) =>
      path !== '' && !entry.optional && !entry.devOptional && installed[path]?.version !== entry.version,
  );
  return !missing && Object.entries(installed).every(([path, entry]) => wanted[path]?.version === entry.version);
}

async function install(lockHash) {
  const began = Date.now();
  say('Installing the dependencies that package-lock.json names, Node 24 among them (npm ci) …');
  const ticker = setInterval(() => say(`… still installing, ${seconds(began)}`), TICK_MS);
  // The machine's own npm and Node do it: npm ci removes node_modules, and with it the Node that may be running this.
  const env = { ...process.env, PATH: pathWithoutBin().join(delimiter) };
  // A machine's NODE_ENV or npm setting must not leave out what `npm test` needs.
  const args = ['ci', '--include=dev', '--include=optional', '--loglevel=error', '--no-audit', '--no-fund'];
  try {
    const { code, signal } = await run('npm', args, { env, cwd: root, stdio: ['inherit', 2, 2] });
    if (code !== 0) throw new BootstrapError(`npm ci failed (${signal ?? `exit code ${code}`}); its message is above.`);
  } finally {
    clearInterval(ticker);
  }
  if (!existsSync(node24)) {
    throw new BootstrapError(
      'npm ci did not bring Node 24: the install script of the "node" package must be allowed to run (npm config get ignore-scripts).',
    );
  }
  writeFileSync(stamp, lockHash);
  say(`Dependencies are installed (${seconds(began)}).`);
}

/** Runs a command on this terminal, passes signals on, and resolves with how it ended. */
function run(command, args, options) {
  return new Promise((settle, fail) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const done = (finish) => {
      for (const signal of signals) process.off(signal, forward);
      finish();
    };
    child.once('error', (error) =>
      done(() => fail(new BootstrapError(`${command} could not be started: ${error.message}`))),
    );
    child.once('exit', (code, signal) => done(() => settle({ code, signal })));
  });
}

function pathWithoutBin() {
  return (process.env.PATH ?? '').split(delimiter).filter((entry) => resolve(entry) !== binFolder);
}

/** To stderr, so that a script whose output is read by others (`npm run -s token`) stays clean. */
function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}

function seconds(since) {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code ?? 1;
  },
  (error) => {
    say(error instanceof BootstrapError ? error.message : `Slipway could not start: ${error.message}`);
    process.exitCode = 1;
  },
);
