/** What hangs under a deployment, and how it should end then: every call over the wire that its provider makes, and its probes. */
import type { Call } from '../_support/hang-proxy.ts';

export type Daemon = 'supervisor' | 'proxy';

/** `forward`: from before it is accepted on; `back`: from the moment it goes back on, which it does for a sick component. */
export type Way = 'forward' | 'back';

/**
 * What becomes of a call that hangs: the daemon never hears of it; it does as it is told and its answer is lost; or it is
 * told late, when a later attempt has begun to go back and has looked at what runs.
 */
export type Fate = 'unheard' | 'unanswered' | 'late';

/** Which replicas do not answer: the new ones; the new ones once all have taken over; the old ones when they come back. */
export type Probe = 'fresh' | 'baking' | 'old';

export type Cell = {
  /** Its phase, and the code of its failure. */
  ends: readonly string[];
} & ({ way: Way; daemon: Daemon; call: string; fate: Fate } | { probe: Probe });

interface Where {
  environmentId: string;
  image: string;
}

const urlsOf = ({ environmentId, image }: Where): Record<Daemon, Record<string, string>> => {
  const environment = `/environments/${environmentId}`;
  const one = '/[^/?]+';
  const all = `${environment}/services`;
  const revision = `${all}${one}/revisions${one}`;
  return {
    supervisor: {
      'GET image': `/images\\?reference=${encodeURIComponent(image)}`,
      'POST fence': `${environment}/fence`,
      'GET services': all,
      'GET service': `${all}${one}`,
      'DELETE service': `${all}${one}`,
      'PUT revision': revision,
      'DELETE revision': revision,
      'PUT replicas': `${revision}/replicas`,
      'GET logs': `${all}${one}/logs`,
    },
    proxy: {
      'POST fence': `${environment}/fence`,
      'GET routes': `${environment}/routes`,
      'GET route': `${environment}/routes${one}`,
      'PUT route': `${environment}/routes${one}`,
      'DELETE route': `${environment}/routes${one}`,
    },
  };
};

export function callOf(daemon: Daemon, call: string, where: Where): Call {
  const [method = ''] = call.split(' ');
  return { method, url: new RegExp(`^${urlsOf(where)[daemon][call]}(\\?|$)`) };
}

const COMPLETED = 'Completed';
const UNTOUCHED = 'Failed ProgressDeadlineExceeded';
const LATE_AND_BACK = 'RolledBack ProgressDeadlineExceeded';
const LATE_AND_STUCK = 'RollbackFailed ProgressDeadlineExceeded';
const SICK_AND_BACK = 'RolledBack HealthGateUnhealthy';
const SICK_AND_STUCK = 'RollbackFailed HealthGateUnhealthy';

const looks = (way: Way, daemon: Daemon, calls: Record<string, string>): Cell[] =>
  Object.entries(calls).map(([call, end]) => ({ way, daemon, call, fate: 'unheard', ends: [end] }));

/** Each of them unheard and unanswered; with two ends it depends on how much of its time is left for another attempt. */
const changes = (way: Way, daemon: Daemon, calls: Record<string, [unheard: string, ...unanswered: string[]]>): Cell[] =>
  Object.entries(calls).flatMap(([call, [unheard, ...unanswered]]): Cell[] => [
    { way, daemon, call, fate: 'unheard', ends: [unheard] },
    { way, daemon, call, fate: 'unanswered', ends: unanswered },
  ]);

const late = (daemon: Daemon, calls: string[]): Cell[] =>
  calls.map((call) => ({ way: 'forward', daemon, call, fate: 'late', ends: [LATE_AND_BACK] }));

export const CELLS: readonly Cell[] = [
  ...looks('forward', 'supervisor', {
    'GET image': UNTOUCHED,
    // Before its first look it has touched nothing; so it only looks at what runs.
    'GET service': LATE_AND_BACK,
    'GET services': LATE_AND_STUCK,
    'GET logs': SICK_AND_BACK,
  }),
  ...looks('forward', 'proxy', { 'GET routes': LATE_AND_STUCK, 'GET route': LATE_AND_STUCK }),
  ...changes('forward', 'supervisor', {
    'POST fence': [LATE_AND_STUCK, LATE_AND_STUCK],
    'PUT revision': [LATE_AND_BACK, LATE_AND_BACK],
    // What was taken down has to come back, and what stood in for it to go.
    'PUT replicas': [LATE_AND_BACK, LATE_AND_STUCK],
    // The release is live by then.
    'DELETE revision': [COMPLETED, COMPLETED],
    'DELETE service': [COMPLETED, COMPLETED],
  }),
  ...changes('forward', 'proxy', {
    'POST fence': [LATE_AND_STUCK, LATE_AND_STUCK],
    'PUT route': [LATE_AND_STUCK, LATE_AND_STUCK],
    'DELETE route': [COMPLETED, COMPLETED],
  }),
  ...late('supervisor', ['PUT revision', 'PUT replicas']),
  ...late('proxy', ['PUT route']),
  ...looks('back', 'supervisor', { 'GET service': SICK_AND_STUCK, 'GET services': SICK_AND_STUCK }),
  ...looks('back', 'proxy', { 'GET routes': SICK_AND_STUCK, 'GET route': SICK_AND_STUCK }),
  ...changes('back', 'supervisor', {
    'POST fence': [SICK_AND_STUCK, SICK_AND_STUCK],
    'PUT revision': [SICK_AND_STUCK, SICK_AND_STUCK],
    'PUT replicas': [SICK_AND_STUCK, SICK_AND_STUCK, SICK_AND_BACK],
    'DELETE revision': [SICK_AND_STUCK, SICK_AND_STUCK, SICK_AND_BACK],
    'DELETE service': [SICK_AND_STUCK, SICK_AND_STUCK],
  }),
  ...changes('back', 'proxy', {
    'POST fence': [SICK_AND_STUCK, SICK_AND_STUCK],
    'PUT route': [SICK_AND_STUCK, SICK_AND_STUCK],
    'DELETE route': [SICK_AND_STUCK, SICK_AND_STUCK],
  }),
  { probe: 'fresh', ends: ['RolledBack HealthGateNoData'] },
  { probe: 'baking', ends: ['RolledBack HealthGateUnhealthy'] },
  { probe: 'old', ends: [SICK_AND_STUCK] },
];

export function nameOf(cell: Cell): string {
  if ('probe' in cell) return `probes ${cell.probe}`;
  const { way, daemon, call, fate } = cell;
  return `${way} ${daemon} ${call} ${fate}`;
}
