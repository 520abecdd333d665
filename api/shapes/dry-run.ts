/** What a dry run answers: what would be done, and whether it might be. */
import { z } from 'zod';
import { failure } from './operation.ts';

const plannedStep = z.strictObject({
  serviceId: z.string(),
  action: z.enum(['roll', 'scale', 'retire', 'keep']),
  image: z.string().nullable(),
  digest: z.string().nullable(),
  target: z.string().nullable(),
  fromRevision: z.string().nullable(),
  toRevision: z.string().nullable(),
  fromReplicas: z.number(),
  toReplicas: z.number(),
});

export const dryRunAnswer = z.strictObject({
  dryRun: z.literal(true),
  /** HTTP status that the call itself would be answered with; null when governance denies it. */
  wouldAnswer: z.number().nullable(),
  /**
   * What would be done to the services that are live now, wave by wave. Null when no service is touched, or when it
   * cannot be told (see `problems`). Operations that are accepted before it may change it.
   */
  plan: z.strictObject({ waves: z.array(z.array(plannedStep)) }).nullable(),
  /** What the deployment would fail of, as far as it can be seen now: an image that is not there, say. */
  problems: z.array(failure),
  /** What governance says of it now; null where it is not asked. */
  governance: z
    .strictObject({
      decision: z.enum(['allow', 'deny', 'requireApproval']),
      reasons: z.array(z.string()),
      obligations: z.array(z.string()),
      planHash: z.string(),
    })
    .nullable(),
});
