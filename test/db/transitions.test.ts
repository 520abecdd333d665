import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../db/new-id.ts';
import { acceptOperation } from '../../db/operations.ts';
import { PHASES, PHASE_TRANSITIONS, isTerminalPhase, statusOfPhase, type Phase } from '../../domain/phases.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;

beforeAll(async () => {
  stand = await openApiStand();
});
afterAll(async () => {
  await stand?.[Symbol.asyncDispose]();
});

/** Sets the phase past every rule of ours; what the database says to it. */
async function move(from: Phase, to: Phase): Promise<'taken' | 'refused'> {
  const key = await readyEnvironment(stand);
  return await stand.db
    .forTenant(key.tenantId, async (tx) => {
      const asked = { ...key, budgetSeconds: 60, reserveSeconds: 10, traceId: `trace-${'0'.repeat(32)}` as const };
      const { id } = await acceptOperation(tx, { ...asked, id: newId('op'), kind: 'deploy' });
      const set = (phase: Phase) =>
        tx.execute(sql`update operations set phase = ${phase}, status = ${statusOfPhase(phase)},
        ended_at = ${isTerminalPhase(phase) ? new Date().toISOString() : null} where id = ${id}`);
      for (const phase of wayTo(from)) await set(phase);
      return await set(to).then(
        () => 'taken' as const,
        () => 'refused' as const,
      );
    })
    .catch((error: unknown) => {
      // The transaction of a refused statement cannot be committed.
      if (String(error).includes('statement of the transaction failed')) return 'refused' as const;
      throw error;
    });
}

/** The phases on the shortest way there, without the first. */
function wayTo(phase: Phase): Phase[] {
  const ways = new Map<Phase, Phase[]>([['Requested', []]]);
  for (const [at, way] of ways) {
    for (const next of PHASE_TRANSITIONS[at]) if (!ways.has(next)) ways.set(next, [...way, next]);
  }
  return ways.get(phase) ?? [];
}

describe('the database', () => {
  const open = PHASES.filter((phase) => !isTerminalPhase(phase));

  it.each(open)('lets an operation go from %s only where the table lets it', async (from) => {
    const answers = [];
    for (const to of PHASES) if (to !== from) answers.push([to, await move(from, to)]);
    const allowed = PHASES.filter((to) => to !== from).map((to) => [
      to,
      PHASE_TRANSITIONS[from].includes(to) ? 'taken' : 'refused',
    ]);
    expect(answers).toEqual(allowed);
  });
});
