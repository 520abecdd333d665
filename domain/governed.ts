/** What governance was asked about a change: kept with the operation, so that it can be asked again when the plan has changed. */
import type { Person } from './approvals.ts';
import { hashOf } from './hash.ts';
import type { ApprovalId, SnapshotId } from './ids.ts';
import type { Stage } from './phases.ts';

export const GOVERNED_ACTIONS = [
  'environments.provision',
  'environments.change',
  'environments.decommission',
  'deployments.create',
  'deployments.rollback',
  'scaling.apply',
  'secrets.bind',
] as const;
export type GovernedAction = (typeof GOVERNED_ACTIONS)[number];

/** What would be done: what was asked for, over what is live. Its hash is what governance judges. */
export interface GovernedPlan {
  action: GovernedAction;
  /** Of what was asked for; the content itself may be long, and is kept elsewhere. */
  intentHash: string;
  /** The snapshot that is live, null where nothing was deployed yet; left out where it makes no difference. */
  over?: SnapshotId | null;
}

export interface Judged extends GovernedPlan {
  planHash: string;
  stage: Stage;
  /** Who asked for the change. */
  subject: string;
  clientId: string;
  facts: Record<string, string>;
  /** The approval without which it does not begin; null where governance allowed it. */
  approvalId: ApprovalId | null;
}

/** A change that governance is asked about. */
export interface Change extends Pick<GovernedPlan, 'action' | 'over'>, Pick<Judged, 'stage' | 'facts'> {
  /** What was asked for; its hash is a part of what governance judges. */
  intent: unknown;
}

/** What is asked, as an operation keeps it. */
export function judgedOf({ subject, clientId }: Person, { action, stage, intent, over, facts }: Change): Judged {
  const plan = { action, intentHash: hashOf(intent), over };
  return { ...plan, planHash: planHashOf(plan), stage, subject, clientId, facts, approvalId: null };
}

export function planHashOf({ action, intentHash, over }: GovernedPlan): string {
  return hashOf({ action, intentHash, over });
}
