/** What a database that was put back is told of an operation that has come to its good end in the meantime. */
import type { Database, Tx } from '../db/client.ts';
import { clearLiveSnapshot, setOutputs } from '../db/environments.ts';
import { findOperation } from '../db/operations.ts';
import { replaceServices } from '../db/services.ts';
import type { OperationKey } from '../domain/ids.ts';
import { isTerminalPhase } from '../domain/phases.ts';
import type { StackEngine } from '../providers/stacks/port.ts';
import { ownsStack } from './leftovers.ts';
import { environmentOf, specOf } from './stack-spec.ts';

/**
 * Writes down what an operation with an open row has made, or taken away, as the engine says now. Null when reality does
 * not say so, or what it has made is known by nothing but the rows: then it has not ended well.
 */
export async function completionOf(
  db: Database,
  stacks: Pick<StackEngine, 'outputs'>,
  input: OperationKey,
): Promise<((tx: Tx) => Promise<void>) | null> {
  const operation = await db.forTenant(input.tenantId, (tx) => findOperation(tx, input.tenantId, input.operationId));
  if (!operation || isTerminalPhase(operation.phase)) return null;
  switch (operation.kind) {
    case 'provision': {
      const made = await stacks.outputs(specOf(await environmentOf(db, input)));
      return made && (async (tx) => await setOutputs(tx, input, made));
    }
    case 'decommission': {
      const environment = await environmentOf(db, input);
      if (ownsStack(environment) && (await stacks.outputs(specOf(environment))) !== null) return null;
      // Its workflow has completed after a look that found nothing of it, and nobody has worked here since.
      return async (tx) => {
        await clearLiveSnapshot(tx, input);
        await replaceServices(tx, input, []);
        await setOutputs(tx, input, null);
      };
    }
    case 'deploy':
    case 'driftScan':
      return null;
  }
}
