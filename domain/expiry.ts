/** Environments that are taken away when their time has come: which, who asks for it, and how often it is tried. */
import type { Person } from './approvals.ts';
import type { EnvironmentId } from './ids.ts';
import type { EnvironmentStatus } from './phases.ts';

/** Who asks for it: Slipway itself, as receipts, approvals and questions to governance name it. */
export const EXPIRY: Person = { subject: 'slipway/expiry', clientId: 'slipway' };

/** What is asked for. An approval of it is none for another time. */
export function expiryIntent(environmentId: EnvironmentId, expiresAt: Date) {
  return { decommission: environmentId, expiresAt: expiresAt.toISOString() };
}

/** Whether there is anything left to take away. */
export function canExpire(status: EnvironmentStatus): boolean {
  switch (status) {
    case 'Provisioning':
    case 'Ready':
    case 'Updating':
    case 'Decommissioning':
    case 'DecommissionBlocked':
      return true;
    // It was taken away when it failed, and its name may be another's by now.
    case 'Failed':
    case 'Decommissioned':
      return false;
  }
}

const SHORTEST_PAUSE_MS = 15 * 60_000;
const LONGEST_PAUSE_MS = 24 * 3600_000;

/**
 * When an environment is looked at again that has expired and is still there. The pause is as long as it has been expired,
 * so that pauses double: from a quarter of an hour up to a day.
 */
export function lookAgainAt(expiredAt: Date, now: Date): Date {
  const expiredForMs = now.getTime() - expiredAt.getTime();
  return new Date(now.getTime() + Math.min(Math.max(expiredForMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
}
