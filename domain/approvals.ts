/** Approvals: how one goes from the question to its use, and who may decide. */
export const APPROVAL_STATUSES = [
  /** Waits for somebody. */
  'Pending',
  /** Given, and not used yet. */
  'Approved',
  /** Given, and what it allowed has begun: it allows nothing more. */
  'Consumed',
  'Rejected',
  /** Nobody had decided in time. */
  'Expired',
  /** Not asked for any more: the plan has changed since, or its operation has ended for another reason. */
  'Withdrawn',
] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** How long somebody has to decide. */
export const APPROVAL_SECONDS = 24 * 3600;

export interface Person {
  subject: string;
  /** What they came through. */
  clientId: string;
}

/**
 * Whether a decision would be the requester's own: the same subject through whatever client; or the client that the
 * request came through, when it acts for itself. Two people who use one client are two.
 */
export function isOwnRequest(decider: Person, requester: Person): boolean {
  const actsForItself = decider.subject === decider.clientId;
  return decider.subject === requester.subject || (actsForItself && decider.clientId === requester.clientId);
}
