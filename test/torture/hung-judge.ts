/** Whether a deployment over something that hung has ended in time, as it should, and says why in a true sentence. */
import type { Cell } from './hung-cells.ts';
import type { OperationView } from './world.ts';

/** It promises to have ended this long after its deadline at the latest. */
const LATE_SECONDS = 60;

export function endOf({ phase, failure }: OperationView): string {
  return failure ? `${phase} ${failure.code}` : phase;
}

/** How long after its deadline it has ended, s. */
export function latenessOf({ endedAt, deadlineAt }: OperationView): number {
  return (Date.parse(endedAt ?? '') - Date.parse(deadlineAt)) / 1000;
}

/** Each in a sentence. */
export function faultsOf(cell: Cell, operation: OperationView): string[] {
  const faults: string[] = [];
  const end = endOf(operation);
  if (latenessOf(operation) > LATE_SECONDS) faults.push(`ended ${latenessOf(operation)} s after its deadline`);
  if (!cell.ends.includes(end)) faults.push(`ended ${end}, not ${cell.ends.join(' or ')}`);
  const { message, evidence = '' } = operation.failure ?? { message: '' };
  for (const [part, what] of truthsOf(cell, operation)) if (!part.test(message)) faults.push(`${what}: "${message}"`);
  if ('probe' in cell && cell.probe !== 'old' && !evidence.includes('no answer within')) {
    faults.push(`its evidence is "${evidence}"`);
  }
  return faults;
}

/** What its sentence has to have in it. */
function truthsOf(cell: Cell, { phase, failure }: OperationView): [RegExp, string][] {
  if (!failure) return [];
  const truths: [RegExp, string][] = [];
  if (failure.code === 'ProgressDeadlineExceeded') {
    truths.push([/^The deployment had not progressed to its end in time\./, 'does not say that its time was up']);
  } else {
    truths.push([/^0 of 1 replicas were healthy( for \d+ s)? within \d+ s\./, 'does not say what its gate saw']);
  }
  if (phase === 'RollbackFailed') {
    const why =
      'probe' in cell
        ? '0 of 1 replicas were healthy'
        : `(The ${cell.daemon} does not answer|A step had not ended when the time was up)`;
    truths.push([new RegExp(` Going back failed too: ${why}`), 'does not say what it went back on']);
  } else truths.push([/^(?!.*Going back failed)/, 'says that going back failed']);
  return truths;
}
