/** The kill matrix: at which points of which activities a worker dies, in each kind of operation. */
import { serviceIdOf } from '../_support/journal.ts';
import type { Point } from '../_support/faults.ts';

/** What an environment goes through in its life, in this order; `unmade` is one whose provision is terminated. */
export const STEPS = [
  ...(['provision', 'first', 'update', 'back', 'terminated', 'scan', 'blocked', 'decommission'] as const),
  'unmade' as const,
];
export type Step = (typeof STEPS)[number];

export interface Cell {
  step: Step;
  activity: string;
  point: Point;
}

/** An operation of these many components has each of them die after each of its calls; a larger one after one of them. */
const ALL_CALLS_UP_TO = 3;
/** Deaths of one activity of one operation: each makes the next attempt wait longer, which is not what is measured. */
const PER_ACTIVITY = 2;
/** A cell that was not reached is tried again, for it may have come too late; not for ever. */
const TRIES = 8;

const AROUND: Point[] = ['before', 'end'];

export function cellsOf(components: number): Cell[] {
  const ids = Array.from({ length: components }, (_, at) => serviceIdOf(at));
  const after = (calls: string[], of = ids): Point[] =>
    of.flatMap((id, at) => {
      const some = components <= ALL_CALLS_UP_TO ? calls : [calls[at % calls.length]];
      return some.map((call): Point => `${call} ${id}`);
    });
  // Going back, what has never been taken down is not started again.
  const takenDown = ids.slice(0, -1);
  const points: Record<Step, Record<string, Point[]>> = {
    provision: { begin: AROUND, provisionStack: [...AROUND, 'up it'] },
    first: { prepare: AROUND, rollOut: after(['ensure', 'shiftTraffic']), watchGate: AROUND, promote: AROUND },
    update: {
      takeNext: AROUND,
      begin: AROUND,
      prepare: AROUND,
      rollOut: [...AROUND, ...after(['ensure', 'shiftTraffic', 'scale'])],
      watchGate: AROUND,
      promote: [...AROUND, ...after(['retire'])],
    },
    back: {
      goBack: [...AROUND, ...after(['ensure'], takenDown), ...after(['shiftTraffic', 'retire'])],
      end: AROUND,
      settle: AROUND,
    },
    terminated: { settle: AROUND, convergeServices: [...AROUND, ...after(['ensure', 'shiftTraffic', 'retire'])] },
    scan: { begin: AROUND, scanForDrift: [...AROUND, 'refreshPreview it'] },
    blocked: components > ALL_CALLS_UP_TO ? {} : { endBlocked: AROUND },
    decommission: {
      begin: AROUND,
      retireServices: [...AROUND, ...after(['retire', 'unroute'])],
      decommissionStack: [...AROUND, 'destroy it'],
    },
    unmade: components > 1 ? {} : { settle: AROUND, removeStack: [...AROUND, 'destroy it'] },
  };
  return STEPS.flatMap((step) =>
    Object.entries(points[step]).flatMap(([activity, of]) => of.map((point) => ({ step, activity, point }))),
  );
}

/** Cells that are still to be gone through. */
export interface Cells {
  left(step?: Step): number;
  /** For one operation. */
  take(step: Step): Cell[];
  /** It was not reached. */
  giveBack(cell: Cell): void;
  /** Those that are still waiting, or were given back too often. */
  unreached(): Cell[];
}

export function openCells(all: readonly Cell[]): Cells {
  const waiting = [...all];
  const tries = new Map<Cell, number>();
  const tooOften: Cell[] = [];
  return {
    unreached: () => [...waiting, ...tooOften],
    left: (step) => waiting.filter((cell) => step === undefined || cell.step === step).length,
    take(step) {
      const taken: Cell[] = [];
      for (const cell of waiting.filter((one) => one.step === step)) {
        const same = taken.filter(({ activity }) => activity === cell.activity);
        const isTwice = same.some(({ point }) => point === cell.point);
        // A promotion that has begun to tidy up is not repeated: the lane goes on with it.
        const isSecondTidying = isTidying(cell) && same.some(isTidying);
        if (same.length < PER_ACTIVITY && !isTwice && !isSecondTidying) taken.push(cell);
      }
      for (const cell of taken) waiting.splice(waiting.indexOf(cell), 1);
      return taken;
    },
    giveBack(cell) {
      const count = (tries.get(cell) ?? 0) + 1;
      tries.set(cell, count);
      if (count < TRIES) waiting.push(cell);
      else tooOften.push(cell);
    },
  };
}

const isTidying = ({ activity, point }: Cell) => activity === 'promote' && point.startsWith('retire');
