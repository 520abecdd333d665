/** What an operation's endpoint answers, and the parts of it that other nouns show too. */
import { z } from 'zod';
import { OPERATION_KINDS, OPERATION_STATUSES, PHASES } from '../../domain/phases.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { id, moduleId } from './text.ts';

export const operationParams = z.strictObject({ operationId: id('op') });

/** One look of the prober at one replica. */
const probe = z.strictObject({
  at: z.string(),
  instanceId: z.string(),
  status: z.enum(['healthy', 'unhealthy', 'noData']),
  saw: z.string(),
  tookMs: z.number().optional(),
});

/** Why work ended badly: never a stack trace, never a secret. */
export const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  /** The component it happened in, when it happened in one. */
  serviceId: z.string().optional(),
  /** What the probe saw. */
  evidence: z.string().optional(),
  /** The last looks at the replica that the evidence is of, oldest first. */
  probes: z.array(probe).optional(),
  /** What the replica's process ended with last. */
  exitCode: z.number().optional(),
  /** The signal that ended it. */
  exitSignal: z.string().optional(),
  /** What the workload, or the stack's engine, said last. */
  lastLogLines: z.array(z.string()).optional(),
  /**
   * What it waited for when it ended: the code of what a part of the platform failed of, the id of an approval or of the
   * operation before it, or a command.
   */
  heldBy: z.string().optional(),
  /** What is still there of an environment that was to be taken away. */
  leftovers: z
    .array(z.strictObject({ kind: z.enum(['service', 'route', 'stack', 'resource', 'unknown']), name: z.string() }))
    .optional(),
  /** Of the call that asked for the operation. */
  traceId: z.string().optional(),
});

export const waitingOn = z.strictObject({
  kind: z.enum(['approval', 'queue', 'pause', 'platform']),
  since: z.string(),
  reference: z.string(),
  /** Of a part of the platform: what it failed of last. */
  failure: failure.optional(),
});

export const operationAnswer = z.strictObject({
  operationId: z.string(),
  environmentId: z.string(),
  kind: z.enum(OPERATION_KINDS),
  status: z.enum(OPERATION_STATUSES),
  phase: z.enum(PHASES),
  /** The path of what it makes or changes. */
  resource: z.string(),
  failure: failure.nullable(),
  waitingOn: waitingOn.nullable(),
  deadlineAt: z.string(),
  acceptedAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  traceId: z.string(),
});

export const operationsQuery = listQueryOf('operations', {
  environmentId: id('env').optional(),
  serviceId: moduleId.optional(),
  kind: z.enum(OPERATION_KINDS).optional(),
  status: z.enum(OPERATION_STATUSES).optional(),
  ...createdBetween,
});

export const operationList = listOf(operationAnswer);
