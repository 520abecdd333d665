/** What a stream of events says about itself, between and after what is watched. */
import { z } from 'zod';
import { ERROR_KINDS } from '../../domain/errors.ts';

/** The last word. */
export const streamEnd = z.object({
  code: z.enum(['Ended', ...Object.keys(ERROR_KINDS)]).meta({ description: 'Why nothing comes any more.' }),
  detail: z.string().meta({ description: 'A sentence for people; it may change.' }),
});

/** Before the state that came instead. */
export const streamSkipped = z.object({
  skipped: z.int().min(1).meta({ description: 'How many states were left out because the reader was behind.' }),
});
