/** Every activity, by concern; `bin/workers.ts` hands in what they touch. */
import type { Database } from '../db/client.ts';
import type { ComputeTarget } from '../providers/compute/port.ts';
import type { Governance } from '../providers/governance/port.ts';
import type { StackEngine } from '../providers/stacks/port.ts';
import { commandActivities } from './command.ts';
import { convergeActivities } from './converge.ts';
import { decommissionActivities } from './decommission.ts';
import { driftActivities } from './drift.ts';
import { explainActivities } from './explain.ts';
import { laneActivities, type AwaitOutcome } from './lane.ts';
import { operationActivities } from './operation.ts';
import { prepareActivities } from './prepare.ts';
import { rolloutActivities } from './rollout.ts';
import { stackActivities } from './stack.ts';
import { sweepActivities } from './sweep.ts';
import type { Visitors } from './visitors/visitor.ts';

export interface ActivityDependencies {
  db: Database;
  compute: ComputeTarget;
  stacks: StackEngine;
  governance: Governance;
  awaitOutcome: AwaitOutcome;
}

/** For the main queue. */
export function mainActivities({ db, compute, stacks, governance, awaitOutcome }: ActivityDependencies) {
  return {
    ...laneActivities(db, governance, stacks, awaitOutcome),
    ...operationActivities(db),
    ...explainActivities(db, compute),
    ...commandActivities(db),
    ...prepareActivities(db, compute),
    ...rolloutActivities(db, compute),
    ...convergeActivities(db, compute),
    ...decommissionActivities(db, compute),
  };
}

/** For the stacks queue. */
export function stacksActivities({ db, stacks, compute }: ActivityDependencies) {
  return { ...stackActivities(db, stacks, compute), ...driftActivities(db, stacks, compute) };
}

/** For the sweeps queue. */
export function sweepsActivities({ db, visitors }: { db: Database; visitors: Visitors }) {
  return sweepActivities(db, visitors);
}

export type MainActivities = ReturnType<typeof mainActivities>;
export type StacksActivities = ReturnType<typeof stacksActivities>;
export type SweepsActivities = ReturnType<typeof sweepsActivities>;
