/**
 * Judges the events of an environment: at any moment one operation works in it at most, and they begin in the order in
 * which they were accepted. Pure.
 */

/** In the order of their revisions, which are given under the environment's lock. */
export interface HistoryEvent {
  revision: number;
  type: string;
  operationId: string | null;
}

export interface HistoryOperation {
  id: string;
  /** Its place in the order of acceptance. */
  seq: number;
}

/** A sentence for everything that should not be; empty: the history is as it should be. */
export function violationsOf(events: readonly HistoryEvent[], operations: readonly HistoryOperation[]): string[] {
  const violations: string[] = [];
  const seqOf = new Map(operations.map(({ id, seq }) => [id, seq]));
  const accepted: string[] = [];
  const begun: string[] = [];
  const ended = new Set<string>();
  let active: string | null = null;
  let revision = 0;
  for (const event of events) {
    const at = `at revision ${event.revision}`;
    if (event.revision !== revision + 1) violations.push(`${at}: the one before is ${revision}`);
    revision = event.revision;
    const id = event.operationId;
    if (id === null) continue;
    const what = event.type.split('.').at(-1);
    if (!seqOf.has(id)) violations.push(`${at}: nobody has accepted ${id}`);
    if (what === 'accepted') {
      accepted.push(id);
      continue;
    }
    if (ended.has(id)) violations.push(`${at}: ${event.type} of ${id}, which had ended`);
    // Its first phase is its claim; one may also end without ever having begun.
    if (what === 'phase' && !begun.includes(id)) {
      if (active !== null) violations.push(`${at}: ${id} begins while ${active} works`);
      active = id;
      begun.push(id);
    }
    if (active !== null && active !== id) violations.push(`${at}: ${event.type} of ${id} while ${active} works`);
    if (what === 'ended') {
      ended.add(id);
      if (active === id) active = null;
    }
  }
  if (active !== null) violations.push(`${active} has not ended`);
  for (const { id } of operations) if (!ended.has(id)) violations.push(`${id} has never ended`);
  const order = [...accepted].sort((a, b) => (seqOf.get(a) ?? 0) - (seqOf.get(b) ?? 0));
  if (String(order) !== String(accepted))
    violations.push(`accepted as ${String(accepted)}, numbered as ${String(order)}`);
  const inTurn = accepted.filter((id) => begun.includes(id));
  if (String(begun) !== String(inTurn)) violations.push(`begun as ${String(begun)}, accepted as ${String(inTurn)}`);
  return violations;
}
