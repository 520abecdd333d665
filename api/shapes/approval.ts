/** What goes in and out of the approvals' endpoints. */
import { z } from 'zod';
import { APPROVAL_STATUSES } from '../../domain/approvals.ts';
import { GOVERNED_ACTIONS } from '../../domain/governed.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { freeText, id, moduleId, statedTenant } from './text.ts';

export const approvalParams = z.strictObject({ approvalId: id('apr') });

export const approvalDecisionBody = z
  .strictObject({
    tenantId: statedTenant,
    /** For whoever reads later why it was decided so. */
    comment: freeText(1000).optional(),
  })
  .default({});

const person = z.strictObject({ subject: z.string(), clientId: z.string().nullable() });

export const approvalAnswer = z.strictObject({
  approvalId: z.string(),
  environmentId: z.string(),
  /** What waits for it; null for a change that is asked for again once it is approved. */
  operationId: z.string().nullable(),
  /** The path of that operation. */
  operation: z.string().nullable(),
  action: z.enum(GOVERNED_ACTIONS),
  /** What it is about: of another plan it says nothing. */
  planHash: z.string(),
  reasons: z.array(z.string()),
  obligations: z.array(z.string()),
  status: z.enum(APPROVAL_STATUSES),
  /** Never decided by the same subject. */
  requestedBy: person,
  /** The client is null when it was decided at the Governance platform. */
  decidedBy: person.nullable(),
  decidedAt: z.string().nullable(),
  comment: z.string().nullable(),
  /** Nobody can decide it after that. */
  expiresAt: z.string(),
  createdAt: z.string(),
  traceId: z.string(),
});

export const approvalsQuery = listQueryOf('approvals', {
  environmentId: id('env').optional(),
  serviceId: moduleId.optional(),
  status: z.enum(APPROVAL_STATUSES).optional(),
  ...createdBetween,
});

export const approvalList = listOf(approvalAnswer);
