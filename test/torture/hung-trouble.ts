/** Makes what a cell names hang. */
import type { Hang, HangProxy } from '../_support/hang-proxy.ts';
import { hangRound } from '../_support/journal.ts';
import { until } from '../_support/until.ts';
import { callOf, type Cell, type Daemon } from './hung-cells.ts';
import type { World } from './world.ts';

export interface Trouble {
  /** Whether anything hangs, or did. */
  isReached(): boolean;
  end(): void;
  /** What the daemon has not heard comes to it now. */
  deliver(): Promise<void>;
}

export interface Troubled {
  world: World;
  ways: Record<Daemon, HangProxy>;
  environmentId: string;
  image: string;
  /** Of the release that is live. */
  round: number;
}

/** To be called before the deployment is asked for. @param operationId what it is then */
export function makeTrouble(place: Troubled, cell: Cell, operationId: Promise<string>): Trouble {
  return 'probe' in cell ? hungProbes(place, cell, operationId) : hungCalls(place, cell);
}

function hungCalls(
  { ways, ...where }: Troubled,
  { way, daemon, call, fate }: Exclude<Cell, { probe: unknown }>,
): Trouble {
  let hang: Hang | undefined;
  const begin = () => void (hang = ways[daemon].hang(callOf(daemon, call, where), fate === 'unanswered'));
  if (way === 'forward') begin();
  // What the sick component said last is read when the gate has refused it: right before it goes back.
  else ways.supervisor.beforeHeard(callOf('supervisor', 'GET logs', where), begin);
  if (fate === 'late') {
    // Going back begins with a look at what runs.
    ways.supervisor.beforeHeard(callOf('supervisor', 'GET services', where), async () => {
      hang?.end();
      await hang?.deliver();
    });
  }
  return {
    isReached: () => (hang?.count() ?? 0) > 0,
    end: () => hang?.end(),
    deliver: async () => await hang?.deliver(),
  };
}

const LONG_MS = 120_000;

function hungProbes(
  { world, environmentId, round }: Troubled,
  { probe }: Extract<Cell, { probe: unknown }>,
  operationId: Promise<string>,
): Trouble {
  const hang = (of: number) => hangRound({ home: world.platform.home, environmentId, round: of });
  let hung: ReturnType<typeof hang> | undefined;
  if (probe === 'baking') {
    const isBaking = async () => (await world.operation(await operationId)).phase === 'HealthGating';
    const begin = () => void (hung = hang(round + 1));
    // It has seconds; when it has ended before, that is found.
    until(isBaking, { what: 'a release to be watched', timeoutMs: LONG_MS, everyMs: 100 }).then(begin, () => undefined);
  } else hung = hang(probe === 'old' ? round : round + 1);
  return { isReached: () => hung !== undefined, end: () => hung?.end(), deliver: () => Promise.resolve() };
}
