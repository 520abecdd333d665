/** Which services an operation or an approval is about, so that each service has a history of both. */
import { and, eq, sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { ApprovalId, OperationId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { concernedServices } from './schema/index.ts';

/** Notes it, beside what was noted before. */
export async function noteConcerned(
  tx: Tx,
  tenantId: string,
  subjectId: OperationId | ApprovalId,
  serviceIds: readonly string[],
): Promise<void> {
  if (serviceIds.length === 0) return;
  const rows = [...new Set(serviceIds)].map((serviceId) => ({ tenantId, serviceId, subjectId }));
  await tx.insert(concernedServices).values(rows).onConflictDoNothing();
}

/** An approval is about what the operation that waits for it is about. */
export async function noteAsOperation(
  tx: Tx,
  tenantId: string,
  approvalId: ApprovalId,
  operationId: OperationId,
): Promise<void> {
  const ofOperation = await tx
    .select({ serviceId: concernedServices.serviceId })
    .from(concernedServices)
    .where(and(eq(concernedServices.tenantId, tenantId), eq(concernedServices.subjectId, operationId)));
  const serviceIds = ofOperation.map(({ serviceId }) => serviceId);
  await noteConcerned(tx, tenantId, approvalId, serviceIds);
}

/** Narrows a list to what is about a service. What a filter leaves open is not looked at. */
export function isAbout(
  subject: { tenantId: AnyPgColumn; id: AnyPgColumn },
  wanted: string | undefined,
): SQL | undefined {
  if (wanted === undefined) return undefined;
  const { tenantId, serviceId, subjectId } = concernedServices;
  return sql`exists (select 1 from ${concernedServices} where ${tenantId} = ${subject.tenantId} and ${serviceId} = ${wanted} and ${subjectId} = ${subject.id})`;
}
