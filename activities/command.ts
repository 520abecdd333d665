/** What a workflow does with a command that it is told of. */
import type { Database } from '../db/client.ts';
import { commandOperation, noteHeard } from '../db/commands.ts';
import { newId } from '../db/new-id.ts';
import { findOperation } from '../db/operations.ts';
import { findByIdempotencyKey, insertRequest, serializeOn } from '../db/requests.ts';
import { abortedBy, type Command, type Wish } from '../domain/commands.ts';
import { OperationFault } from '../domain/failures.ts';
import { hashOf } from '../domain/hash.ts';
import type { CommandId, OperationKey } from '../domain/ids.ts';
import type { Phase } from '../domain/phases.ts';
import { tellable } from '../domain/tellable.ts';
import { operationLost, rethrow } from './failures.ts';

export interface CommandInput extends OperationKey {
  command: Command;
  /** Of one that the row has taken already; without it an operator gives it here and now. */
  commandId?: CommandId;
  /** What Temporal knows the Update by: one that an attempt has carried out is not carried out again. */
  updateId: string;
  reason?: string;
}

/** What became of it. */
export interface Heard {
  phase: Phase;
  wanted: Wish;
}

/** Who gives a command at the Temporal UI or CLI: Temporal does not say more. */
const OPERATOR = 'temporal-operator';

export function commandActivities(db: Database) {
  return {
    /** @throws OperationFault `CommandRefused` */
    async hearCommand({ command, commandId, updateId, reason, ...input }: CommandInput): Promise<Heard> {
      try {
        return await db.forTenant(input.tenantId, async (tx) => {
          if (commandId) {
            await noteHeard(tx, input, commandId);
            const operation = await findOperation(tx, input.tenantId, input.operationId);
            if (!operation) throw operationLost(input.operationId);
            return { phase: operation.phase, wanted: operation.wanted };
          }
          const giver = { tenantId: input.tenantId, clientId: OPERATOR, subject: OPERATOR };
          const slot = { ...giver, method: 'UPDATE', route: `temporal/${command}` };
          const idempotencyKey = hashOf({ operationId: input.operationId, updateId });
          await serializeOn(tx, 'idempotency', ...Object.values(slot), idempotencyKey);
          const earlier = await findByIdempotencyKey(tx, { ...slot, key: idempotencyKey });
          if (earlier) return earlier.answerBody as Heard;
          const id = newId('req');
          const because = abortedBy(OPERATOR, typeof reason === 'string' ? tellable(reason) : undefined);
          const given = { command, commandId: id, by: OPERATOR, because };
          const answered = await commandOperation(tx, input, input.operationId, given);
          if (!answered) throw operationLost(input.operationId);
          const { verdict, operation } = answered;
          if (verdict.verdict === 'refused')
            throw new OperationFault({ code: 'CommandRefused', message: verdict.because });
          const heard = { phase: operation.phase, wanted: operation.wanted };
          await insertRequest(tx, {
            ...{ ...slot, id, idempotencyKey, bodyHash: hashOf({ command, reason }) },
            ...{ decision: 'allowed', code: null, governance: null },
            ...{ environmentId: input.environmentId, operationId: input.operationId },
            ...{ answerStatus: 200, answerHeaders: {}, answerBody: heard, traceId: operation.traceId },
          });
          await noteHeard(tx, input, id);
          return heard;
        });
      } catch (error) {
        return rethrow(error);
      }
    },
  };
}
