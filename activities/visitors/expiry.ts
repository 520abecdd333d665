/** Takes an environment away whose time has come: Slipway asks for the decommission as anybody would. */
import type { Database } from '../../db/client.ts';
import { findEnvironment, type EnvironmentRow } from '../../db/environments.ts';
import { expireEnvironment, type Expiry } from '../../db/expiry.ts';
import { findOpenOperation } from '../../db/operations.ts';
import { EXPIRY, canExpire, expiryIntent, lookAgainAt } from '../../domain/expiry.ts';
import { judgedOf } from '../../domain/governed.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import type { Governance } from '../../providers/governance/port.ts';
import { ask } from '../judge.ts';
import type { Visitor } from './visitor.ts';

export interface ExpiryVisitorOptions {
  db: Database;
  governance: Governance;
  /** Tells the environment's lane that there is work. */
  ring(key: EnvironmentKey): Promise<void>;
}

export function expiryVisitor({ db, governance, ring }: ExpiryVisitorOptions): Visitor {
  return {
    async visit({ tenantId, environmentId }) {
      const key = { tenantId, environmentId };
      const { environment, isGoing } = await db.forTenant(tenantId, async (tx) => ({
        environment: await findEnvironment(tx, key),
        isGoing: (await findOpenOperation(tx, key, 'decommission')) !== null,
      }));
      if (!environment?.expiresAt || !canExpire(environment.status)) return { next: null };
      const { expiresAt } = environment;
      const now = new Date();
      if (expiresAt > now) return { next: expiresAt };
      const next = lookAgainAt(expiresAt, now);
      if (isGoing) return { next };
      const verdict = await judge(governance, environment, expiresAt);
      let hasWork = false;
      return {
        next,
        record: async (tx) => {
          hasWork = await expireEnvironment(tx, { ...key, expiresAt, verdict, nextLookAt: next });
        },
        afterwards: async () => {
          if (hasWork) await ring(key);
        },
      };
    },
  };
}

/** Asked before any transaction, as a call's is. No answer is a visit that has failed: it is made again soon. */
async function judge(
  governance: Governance,
  { tenantId, id: environmentId, stage, region, projectId, name }: EnvironmentRow,
  expiresAt: Date,
): Promise<Expiry['verdict']> {
  if (stage !== 'prod') return null;
  const judged = judgedOf(EXPIRY, {
    ...{ action: 'environments.decommission', stage, facts: { region, projectId, name } },
    intent: expiryIntent(environmentId, expiresAt),
  });
  return { judged, ...(await ask(governance, judged, { tenantId, environmentId })) };
}
