/** The one activity of every sweep: long, heartbeating, a batch over all that is due, whoever's it is. */
import { Context } from '@temporalio/activity';
import type { Database } from '../db/client.ts';
import type { SweepKind } from '../domain/sweeps.ts';
import { rethrow } from './failures.ts';
import { sweepTurn, type Checkpoint } from './sweep-turn.ts';
import type { Visitors } from './visitors/visitor.ts';

export interface SweepInput {
  kind: SweepKind;
}

export function sweepActivities(db: Database, visitors: Visitors) {
  return {
    /** A turn of the sweep. When the worker stops it ends early, with what it has done so far. */
    async sweepDue({ kind }: SweepInput): Promise<Checkpoint> {
      const context = Context.current();
      const tally = { visited: 0, failed: 0 };
      const beat = setInterval(() => context.heartbeat(tally), 1_000);
      try {
        return await sweepTurn({
          ...{ db, kind, tally, visitor: visitors[kind] },
          signal: context.cancellationSignal,
          onError: ({ environmentId, subject }, error) =>
            context.log.warn('a visit failed', { kind, environmentId, subject, error }),
        });
      } catch (error) {
        return rethrow(error);
      } finally {
        clearInterval(beat);
      }
    },
  };
}
