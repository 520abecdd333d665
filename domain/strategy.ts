/** How a deployment moves: in which stages, and how much of each component moves in one. */
import { standIn } from './rollout.ts';

export const STRATEGIES = ['RollingHealthGated', 'Canary', 'BlueGreen'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export const PROMOTIONS = ['gate', 'command'] as const;
/** By the gate alone, when the time is over; or by somebody's `promote`. */
export type Promotion = (typeof PROMOTIONS)[number];

/** A step on the way to all of the traffic, as it is asked for. */
export interface Step {
  /** Of each component's traffic, to its new revision. 0 is a preview: it runs, and nobody gets it. */
  weightPercent: number;
  /** How long everything that has moved is watched before the next step. */
  bakeSeconds: number;
  promotion: Promotion;
}

/** Every component comes to this before any goes further. */
export interface Stage extends Step {
  /** Of each component's new replicas that run by then. */
  replicasPercent: number;
  /** What is replaced goes as far as it is replaced; otherwise it stays whole until the release is promoted. */
  replaces: boolean;
}

/** The last stage of every strategy: all of the traffic. What comes then is the phase HealthGating, with a bake of its own. */
const WHOLE = { weightPercent: 100, replicasPercent: 100, bakeSeconds: 0, promotion: 'gate' } as const;
/** Replica by replica, each standing in for an old one. */
export const ROLLING: Stage = { ...WHOLE, replaces: true };

const DEFAULT_STEPS: Record<Strategy, readonly Step[]> = {
  RollingHealthGated: [],
  Canary: [
    { weightPercent: 10, bakeSeconds: 60, promotion: 'gate' },
    { weightPercent: 50, bakeSeconds: 60, promotion: 'gate' },
  ],
  BlueGreen: [{ weightPercent: 0, bakeSeconds: 0, promotion: 'gate' }],
};

/** The steps before the whole; those of the strategy where none are asked for. */
export function stepsOf(strategy: Strategy, asked: readonly Step[] | undefined): readonly Step[] {
  return asked ?? DEFAULT_STEPS[strategy];
}

export function stagesOf(strategy: Strategy, steps: readonly Step[]): Stage[] {
  if (strategy === 'RollingHealthGated') return [ROLLING];
  const replicasOf = (step: Step) => (strategy === 'BlueGreen' ? 100 : step.weightPercent);
  return [
    ...steps.map((step) => ({ ...step, replicasPercent: replicasOf(step), replaces: false })),
    { ...WHOLE, replaces: false },
  ];
}

/** What is wrong with these steps of this strategy, and where in them; null when nothing is. */
export function stepsProblem(strategy: Strategy, steps: readonly Step[]): { at: number; message: string } | null {
  const [first] = steps;
  if (strategy === 'RollingHealthGated') return first ? { at: 0, message: 'RollingHealthGated has no steps' } : null;
  if (strategy === 'BlueGreen') {
    if (steps.length !== 1 || first?.weightPercent !== 0) {
      return { at: 0, message: 'BlueGreen has one step, of weightPercent 0: the preview' };
    }
    return null;
  }
  if (!first) return { at: 0, message: 'Canary has at least one step' };
  const at = steps.findIndex(({ weightPercent }, index) => weightPercent <= (steps[index - 1]?.weightPercent ?? 0));
  return at < 0 ? null : { at, message: 'each weightPercent is more than the one before it' };
}

/** How many of the `wanted` new replicas run at the end of a stage. */
export function freshOf({ replicasPercent }: Stage, wanted: number): number {
  return replicasPercent === 100 ? wanted : Math.min(wanted, Math.max(1, Math.ceil((wanted * replicasPercent) / 100)));
}

/**
 * With `fresh` healthy replicas of the `wanted` new ones, beside `live` old ones as they were: how many of those stay, and
 * the percent of the traffic that moves; null while it does not move yet.
 */
export function standing(
  stage: Stage,
  fresh: number,
  wanted: number,
  live: number,
): { old: number; weight: number | null } {
  if (stage.replaces) return standIn(fresh, wanted, live);
  const isThere = fresh >= freshOf(stage, wanted) && stage.weightPercent > 0;
  return { old: live, weight: isThere ? stage.weightPercent : null };
}
