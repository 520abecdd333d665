/** The phase that operators search by. */
import { patched, upsertSearchAttributes } from '@temporalio/workflow';
import type { Phase } from '../domain/phases.ts';
import { attributes } from './messages.ts';

/** Before, a deployment was not shown in HealthGating and Promoting, nor a scan in any phase after its first. */
const EVERY_PHASE = 'every-phase';

/** Of a phase that is shown since then: where a history is of before, it is not. */
export function showPhase(phase: Phase): void {
  if (patched(EVERY_PHASE)) upsertSearchAttributes([{ key: attributes.phase, value: phase }]);
}
