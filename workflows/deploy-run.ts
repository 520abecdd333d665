/** What the parts of a deployment's workflow share: its run, its steps, and what operators see of it. */
import {
  ActivityCancellationType,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { MainActivities } from '../activities/index.ts';
import type { Begun } from '../activities/operation.ts';
import type { OperationKey } from '../domain/ids.ts';
import type { Phase } from '../domain/phases.ts';
import type { Bell } from './commands.ts';
import { STOP_MS } from './deadline.ts';
import { attributes } from './messages.ts';

export interface Run {
  input: OperationKey;
  begun: Begun;
  bell: Bell;
  /** Tells what commands are judged by. */
  entered(phase: Phase): void;
  /** Whether anything that runs may have been touched. */
  changed: boolean;
}

/** Bound by time, not by count; a step that was cancelled is waited for, the fence holds it when it does not listen. */
export const steps = (untilMs: number, summary: string) =>
  proxyActivities<MainActivities>({
    scheduleToCloseTimeout: Math.max(0, untilMs - Date.now()) + STOP_MS,
    heartbeatTimeout: '10s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumInterval: '10s' },
    summary,
  });

/** What operators search by and read; upserts cost an event each, so only where the meaning changes. */
export function enter(run: Run, phase: Phase, text: string): void {
  upsertSearchAttributes([{ key: attributes.phase, value: phase }]);
  run.entered(phase);
  show(run, phase, text);
}

export function show({ begun }: Run, phase: string, text: string): void {
  setCurrentDetails(`**${begun.summary}** · ${phase}\n\n${text}`);
}
