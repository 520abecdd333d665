/**
 * What the `pulumi` that the worker knows starts for every command that takes time: `pulumi-guard.ts ENGINE ARGS…`.
 * Standard input is the worker's pipe: when it closes, the worker is gone. Reads SLIPWAY_ENGINE_RUNS,
 * SLIPWAY_ENGINE_STACK, SLIPWAY_ENGINE_FENCE (no fence: the command is only watched), SLIPWAY_ENGINE_GRACE_MS.
 */
import { OperationFault } from '../domain/failures.ts';
import { runGuarded } from '../providers/stacks/guard.ts';

const [engine = '', ...args] = process.argv.slice(2);
const environment = process.env;
const stop = new AbortController();
const requestStop = () => stop.abort();
process.on('SIGINT', requestStop).on('SIGTERM', requestStop);
process.stdin.on('end', requestStop).on('error', requestStop).resume();
// Nobody reads any more when the worker is gone; the engine has to end in order all the same.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const fence = environment.SLIPWAY_ENGINE_FENCE;
const attempt = fence
  ? {
      runsFolder: environment.SLIPWAY_ENGINE_RUNS ?? '',
      stack: environment.SLIPWAY_ENGINE_STACK ?? '',
      fence: Number(fence),
    }
  : null;

try {
  process.exitCode = await runGuarded({
    ...{ engine, args, environment, attempt, stop: stop.signal },
    graceMs: Number(environment.SLIPWAY_ENGINE_GRACE_MS ?? 20_000),
    stdout: process.stdout,
    stderr: process.stderr,
  });
} catch (error) {
  process.stderr.write(error instanceof OperationFault ? `slipway: ${error.message}\n` : `slipway: ${String(error)}\n`);
  process.exitCode = 1;
}
process.stdin.destroy();
