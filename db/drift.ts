/** Findings: opened by a scan that sees them, resolved by the first that does not. */
import { and, desc, eq } from 'drizzle-orm';
import { SEVERITY_OF, type Desired, type Difference, type DriftKind } from '../domain/drift.ts';
import type { DriftSeverity, DriftStatus } from '../domain/drift.ts';
import type { EnvironmentKey, OperationId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { findEnvironment } from './environments.ts';
import { appendEvent } from './events.ts';
import { newId } from './new-id.ts';
import { afterKey, between, byKey, equals, pageOf, type Page, type PageRequest } from './page.ts';
import { scalingOf, scalingPoliciesOf } from './scaling-policies.ts';
import { driftFindings, snapshots } from './schema/index.ts';
import { readSnapshot } from './snapshots.ts';

export type FindingRow = typeof driftFindings.$inferSelect;

/** Of how many releases a revision that runs is looked for. */
const KNOWN_SNAPSHOTS = 20;

const inEnvironment = (key: EnvironmentKey) =>
  and(eq(driftFindings.tenantId, key.tenantId), eq(driftFindings.environmentId, key.environmentId));

/** What should run, and what earlier releases were made of. */
export async function desiredOf(tx: Tx, key: EnvironmentKey): Promise<Desired> {
  const environment = await findEnvironment(tx, key);
  const live = await readSnapshot(tx, key.tenantId, environment?.liveSnapshotId ?? null);
  const policies = await scalingPoliciesOf(tx, key);
  const earlier = await tx
    .select({ content: snapshots.content })
    .from(snapshots)
    .where(and(eq(snapshots.tenantId, key.tenantId), eq(snapshots.environmentId, key.environmentId)))
    .orderBy(desc(snapshots.createdAt))
    .limit(KNOWN_SNAPSHOTS);
  const services = earlier.flatMap(({ content }) => Object.values(content.services));
  return {
    live,
    policies: new Map([...policies].map(([serviceId, row]) => [serviceId, scalingOf(row)])),
    known: new Map(services.map((service) => [service.revision, service])),
  };
}

/** Makes the open findings exactly these, each with an event when it comes or goes. Whoever calls holds the environment. */
export async function recordFindings(
  tx: Tx,
  key: EnvironmentKey,
  operationId: OperationId,
  found: readonly Difference[],
): Promise<void> {
  const open = await tx
    .select()
    .from(driftFindings)
    .where(and(inEnvironment(key), eq(driftFindings.status, 'Open')));
  const now = new Date();
  for (const row of open) {
    if (found.some((one) => isSame(row, one))) continue;
    await tx
      .update(driftFindings)
      .set({ status: 'Resolved', resolvedAt: now, operationId })
      .where(and(inEnvironment(key), eq(driftFindings.id, row.id)));
    await note(tx, key, operationId, 'drift.resolved', row);
  }
  for (const one of found) {
    const row = open.find((candidate) => isSame(candidate, one));
    const { desired, actual } = one;
    if (row) {
      await tx
        .update(driftFindings)
        .set({ desired, actual, operationId })
        .where(and(inEnvironment(key), eq(driftFindings.id, row.id)));
      continue;
    }
    const id = newId('drift');
    const severity = SEVERITY_OF[one.kind];
    const { tenantId, environmentId } = key;
    const made = { ...one, tenantId, environmentId, id, severity, operationId, detectedAt: now };
    await tx.insert(driftFindings).values({ ...made, status: 'Open' });
    await note(tx, key, operationId, 'drift.opened', made);
  }
}

export interface FindingFilter {
  status: DriftStatus;
  serviceId?: string;
  kind?: DriftKind;
  severity?: DriftSeverity;
  detectedAfter?: Date;
  detectedBefore?: Date;
}

/** The newest first. */
export async function pageOfFindings(
  tx: Tx,
  key: EnvironmentKey,
  filter: FindingFilter,
  page: PageRequest,
): Promise<Page<FindingRow>> {
  const rows = await tx
    .select()
    .from(driftFindings)
    .where(
      and(
        inEnvironment(key),
        eq(driftFindings.status, filter.status),
        equals(driftFindings.serviceId, filter.serviceId),
        equals(driftFindings.kind, filter.kind),
        equals(driftFindings.severity, filter.severity),
        between(driftFindings.detectedAt, filter.detectedAfter, filter.detectedBefore),
        afterKey(page, driftFindings.id),
      ),
    )
    .orderBy(...byKey(driftFindings.id))
    .limit(page.limit + 1);
  return pageOf(rows, page, ({ id }) => [id]);
}

function isSame(row: FindingRow, { kind, subject }: Difference): boolean {
  return row.kind === kind && row.subject === subject;
}

async function note(
  tx: Tx,
  key: EnvironmentKey,
  operationId: OperationId,
  type: string,
  { id, kind, subject, desired, actual }: Pick<FindingRow, 'id' | 'kind' | 'subject' | 'desired' | 'actual'>,
): Promise<void> {
  await appendEvent(tx, key, { type, operationId, data: { findingId: id, kind, subject, desired, actual } });
}
