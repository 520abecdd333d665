/** What every acknowledgment of a line of a feed has. */
import { z } from 'zod';
import { ERROR_KINDS, type ErrorCode } from '../../domain/errors.ts';

/** From 1, counted as they stand in the body: empty ones too, though they are not answered. */
export const lineNumber = z.int().min(1);

export const lineRefusal = z.strictObject({
  line: lineNumber,
  status: z.literal('Refused'),
  /** As in a problem document. */
  code: z.enum(Object.keys(ERROR_KINDS) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string(),
  errors: z.array(z.strictObject({ pointer: z.string(), message: z.string() })).optional(),
});
export type LineRefusal = z.input<typeof lineRefusal>;
