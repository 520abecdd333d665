/** What is known of a judged mutation afterwards. Its body is not: only the hash of it was kept. */
import { z } from 'zod';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { id } from './text.ts';

/** No control characters: there are none in what is on record, and the database takes no NUL. */
const word = z
  .string()
  .regex(/^[^\u0000-\u001f\u007f]{1,255}$/, 'is 1 to 255 characters, none of them a control character')
  .optional();
const DECISIONS = ['allowed', 'denied'] as const;

export const auditQuery = listQueryOf('audit', {
  environmentId: id('env').optional(),
  operationId: id('op').optional(),
  traceId: id('trace').optional(),
  clientId: word,
  subject: word,
  method: word,
  /** As the document has it, without the version: `/runtime/environments/{environmentId}`. */
  route: word,
  decision: z.enum(DECISIONS).optional(),
  ...createdBetween,
});

export const auditEntry = z.strictObject({
  requestId: z.string(),
  at: z.string(),
  clientId: z.string(),
  subject: z.string(),
  method: z.string(),
  route: z.string(),
  decision: z.enum(DECISIONS),
  /** The code of a denial; null when it was allowed. */
  code: z.string().nullable(),
  /** What governance said, where it was asked. */
  governance: z.record(z.string(), z.unknown()).nullable(),
  environmentId: z.string().nullable(),
  operationId: z.string().nullable(),
  /** HTTP status of the answer. */
  status: z.number(),
  idempotencyKey: z.string().nullable(),
  /** SHA-256 of the canonical input. */
  inputHash: z.string(),
  traceId: z.string(),
});

export const auditList = listOf(auditEntry);
