// `npm start`: the embedded platform in the foreground until Ctrl-C.
import type { ProcessExit } from '../local/engines/process.ts';
import type { PartName } from '../local/platform/parts.ts';
import { startPlatform, type Platform } from '../local/platform/platform.ts';
import { whereToLook } from '../local/platform/where-to-look.ts';
import { readConfig } from './config.ts';
import { readPayloadKeys } from './payload-keys.ts';

/** npm, the shell and the terminal may each pass on one and the same Ctrl-C. */
const SAME_KEYSTROKE_MS = 1_000;
const DEATHS_WINDOW_MS = 60_000;
const MAX_DEATHS = 5;

const given = new AbortController();
const deaths: { name: PartName; at: number }[] = [];
let platform: Platform | undefined;
let firstSignalAt: number | undefined;
let ended: Promise<void> | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal());
const alive = setInterval(() => undefined, DEATHS_WINDOW_MS);

try {
  const began = Date.now();
  const config = readConfig();
  // Now, in one sentence, and not in the log of each part that needs them.
  await readPayloadKeys(config.env);
  say(`Starting Slipway with its state in ${config.home} …`);
  platform = await startPlatform({ config, onProgress: say, onExit, signal: given.signal });
  if (given.signal.aborted) await end();
  else
    say(
      `Slipway is up (${((Date.now() - began) / 1000).toFixed(1)} s).\n${whereToLook(platform.config)}\nCtrl-C stops it.`,
    );
} catch (error) {
  if (given.signal.aborted) say('Stopped.');
  else fail((error as Error).message);
  clearInterval(alive);
}

function onSignal(): void {
  const now = Date.now();
  if (firstSignalAt === undefined) {
    firstSignalAt = now;
    say('Stopping: requests and running steps are finished first (Ctrl-C again forces it) …');
    given.abort();
    if (platform) void end();
  } else if (now - firstSignalAt > SAME_KEYSTROKE_MS) {
    say('Forced.');
    process.exitCode = 130;
    platform?.kill();
  }
}

function end(): Promise<void> {
  ended ??= stop();
  return ended;
}

async function stop(): Promise<void> {
  try {
    await platform?.stop();
    say('Slipway has stopped.');
  } catch (error) {
    fail((error as Error).message);
  }
  clearInterval(alive);
}

/** A part that dies is started again, never silently, and not for ever. */
function onExit(exit: ProcessExit & { name: PartName }): void {
  const { name, logFile } = exit;
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`;
  const now = Date.now();
  deaths.push({ name, at: now });
  const recent = deaths.filter((death) => death.name === name && now - death.at < DEATHS_WINDOW_MS).length;
  if (!platform || recent > MAX_DEATHS) {
    fail(`${name} ${how}${platform ? ` for the ${recent}th time in a minute` : ''}; Slipway stops (log: ${logFile}).`);
    given.abort();
    if (platform) void end();
    return;
  }
  say(`${name} ${how}; starting it again (log: ${logFile}).`);
  platform.restart(name).catch((error: Error) => {
    if (given.signal.aborted) return;
    fail(`${error.message}\nSlipway stops.`);
    void end();
  });
}

function fail(sentence: string): void {
  process.exitCode = 1;
  console.error(sentence);
}

function say(sentence: string): void {
  console.log(sentence);
}
