/** What the event streams tell. */
import { z } from 'zod';

/**
 * An event, with the facts of it beside these (phase, serviceId, reason, …). Of type `opened` and `reset` it is none, but
 * the place between events where the stream begins, or begins anew.
 */
export const eventEntry = z.looseObject({
  /** What happened, e.g. `deploy.phase`, `component.progress`, `service.health`. */
  type: z.string(),
  /** Of the environment; it rises by one with every event. */
  revision: z.number(),
  /** Null before the first event. */
  eventId: z.string().nullable(),
  operationId: z.string().nullable().optional(),
  /** When it happened; not of `opened` and `reset`. */
  at: z.string().optional(),
});
