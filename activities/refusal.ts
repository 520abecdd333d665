/** Why a revision did not come to be what it should, as far as it can be seen where it runs. */
import { Context } from '@temporalio/activity';
import type { Failure, Probe } from '../domain/failures.ts';
import type { Refused, Sample } from '../domain/gate.ts';
import { tellableLines } from '../domain/tellable.ts';
import type { ComputeTarget, Workload } from '../providers/compute/port.ts';

const PROBES = 5;
/** Of each replica: an exception has its message above some lines of where it was thrown. */
const LOG_LINES = 20;
const LOG_LIMIT_MS = 4_000;

/** What a gate's refusal says. */
export async function refusalOf(
  compute: ComputeTarget,
  workload: Workload,
  revision: string,
  verdict: Refused,
  samples: readonly Sample[],
): Promise<Failure> {
  const { code, reason, evidence, instanceId } = verdict;
  const words = await lastWords(compute, workload, { revision, instanceId });
  const how = code === 'HealthGateCrashLoop' ? exitOf(words) : '';
  const looks = samples.filter((sample) => sample.instanceId === instanceId);
  return {
    ...{ code, message: `${reason}${how}.`, serviceId: workload.serviceId, evidence },
    ...{ probes: looks.slice(-PROBES).map(probeOf), ...words },
  };
}

function exitOf({ exitCode, exitSignal }: LastWords): string {
  if (exitSignal !== undefined) return `, last after ${exitSignal} had ended it`;
  return exitCode === undefined ? '' : `, last after it had ended with exit code ${exitCode}`;
}

export function probeOf({ atMs, instanceId, status, evidence, tookMs }: Sample): Probe {
  const at = new Date(atMs).toISOString();
  return { at, instanceId, status, saw: evidence, ...(tookMs !== undefined && { tookMs }) };
}

type LastWords = Pick<Failure, 'exitCode' | 'exitSignal' | 'lastLogLines'>;

/** How a replica of the revision ended last, and what it said. A verdict stands without: what cannot be had is left out. */
export async function lastWords(
  compute: Pick<ComputeTarget, 'instances' | 'logs'>,
  workload: Workload,
  { revision, instanceId }: { revision: string; instanceId: string | null },
): Promise<LastWords> {
  const words: LastWords = {};
  try {
    const instances = await compute.instances(workload);
    const { lastExitCode, lastExitSignal } = instances.find((instance) => instance.instanceId === instanceId) ?? {};
    if (typeof lastExitCode === 'number') words.exitCode = lastExitCode;
    if (typeof lastExitSignal === 'string') words.exitSignal = lastExitSignal;
    const lines: string[] = [];
    const signal = AbortSignal.timeout(LOG_LIMIT_MS);
    for await (const said of compute.logs(workload, { revision, tail: LOG_LINES, follow: false, signal })) {
      if (instanceId === null || said.instanceId === instanceId) lines.push(said.line);
    }
    words.lastLogLines = tellableLines(lines);
  } catch (error) {
    Context.current().log.warn('what a replica said last could not be read', { error });
  }
  return words;
}
