/** What an operation's endpoint answers, and the parts of it that other nouns show too. */
import { z } from 'zod';
import { OPERATION_KINDS, OPERATION_STATUSES, PHASES } from '../../domain/phases.ts';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { id, moduleId } from './text.ts';

export const operationParams = z.strictObject({ operationId: id('op') });

/** Why work ended badly: never a stack trace, never a secret. */
export const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  serviceId: z.string().optional(),
  evidence: z.string().optional(),
  lastLogLines: z.array(z.string()).optional(),
  /** What is still there of an environment that was to be taken away. */
  leftovers: z
    .array(z.strictObject({ kind: z.enum(['service', 'route', 'stack', 'resource', 'unknown']), name: z.string() }))
    .optional(),
});

export const waitingOn = z.strictObject({
  kind: z.enum(['approval', 'queue', 'pause', 'platform']),
  since: z.string(),
  reference: z.string(),
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
