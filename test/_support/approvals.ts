/** A stand whose production changes want an approval, and the people who ask and decide. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApprovalRow } from '../../db/approvals.ts';
import { findOperation, type OperationRow } from '../../db/operations.ts';
import type { EnvironmentKey, OperationId } from '../../domain/ids.ts';
import { openCedar } from '../../providers/governance/cedar.ts';
import type { Governance } from '../../providers/governance/port.ts';
import { ROOT, type ApiStand, type Reply } from './api.ts';

export const FOUR_EYES = '@id("four-eyes") @decision("require-approval") forbid(principal, action, resource);';

/** The shipped policy and these. */
export function cedarOf(...policies: string[]): Governance {
  const folder = mkdtempSync(join(tmpdir(), 'slp-'));
  for (const file of ['slipway.cedarschema', 'owning-tenant.cedar']) {
    copyFileSync(join(ROOT, 'policies', file), join(folder, file));
  }
  writeFileSync(join(folder, 'more.cedar'), policies.join('\n'));
  const governance = openCedar({ folder });
  rmSync(folder, { recursive: true, force: true });
  return governance;
}

export const idIn = (reply: Reply) => reply.headers.get('operation-location')?.split('/').at(-1) as OperationId;

export async function operationOf(
  { db }: ApiStand,
  { tenantId }: EnvironmentKey,
  id: OperationId,
): Promise<OperationRow> {
  const row = await db.forTenant(tenantId, (tx) => findOperation(tx, tenantId, id));
  if (!row) throw new Error(`${id} is not there`);
  return row;
}

/** The approval that an operation waits for. */
export async function awaited(stand: ApiStand, key: EnvironmentKey, id: OperationId): Promise<ApprovalRow['id']> {
  const { waitingOn } = await operationOf(stand, key, id);
  if (waitingOn?.kind !== 'approval') throw new Error(`${id} waits for ${waitingOn?.kind ?? 'nothing'}`);
  return waitingOn.reference as ApprovalRow['id'];
}

/** A decision by somebody; by default by another than who asked. */
export async function decide(
  stand: ApiStand,
  id: string,
  verb: 'approve' | 'reject',
  { subject = 'bob', tenant, body, key }: { subject?: string; tenant?: string; body?: object; key?: string } = {},
): Promise<Reply> {
  return await stand.call('POST', `/v1/runtime/approvals/${id}/${verb}`, {
    token: { subject, ...(tenant && { tenant }) },
    body,
    headers: key ? { 'idempotency-key': key } : {},
  });
}
