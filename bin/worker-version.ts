/** Which version of the workflow code the workers of this process are. */
import type { WorkerDeploymentOptions } from '@temporalio/worker';
import { ConfigError } from './config-error.ts';
import type { Config } from './config.ts';
import { hashOfSources } from './workflow-bundle.ts';

/** Undefined where workers have no versions. @throws ConfigError */
export function workerVersion({ env, temporal: { deployment } }: Config): WorkerDeploymentOptions | undefined {
  if (deployment === undefined) return undefined;
  return {
    version: { deploymentName: deployment, buildId: buildIdOf(env) },
    useWorkerVersioning: true,
    // An operation ends on the code that it began on. What goes on for ever says otherwise, in workflows/versioned.ts.
    defaultVersioningBehavior: 'PINNED',
  };
}

/**
 * By default that of the workflow code alone: what changes only activities is the same version, whose workers are replaced
 * as they are, with nothing to promote.
 */
export function buildIdOf({ SLIPWAY_BUILD_ID: given }: Record<string, string | undefined>): string {
  if (!given) return hashOfSources();
  // It stands in Temporal's ids and queries.
  if (/^[a-z\d][\w.+-]{0,99}$/i.test(given)) return given;
  throw new ConfigError(`SLIPWAY_BUILD_ID must be letters, digits, "-", "_", "." and "+", not "${given}".`);
}
