/** A decision as deciders in other processes say it; one about another plan than was asked about is none. */
import { z } from 'zod';
import type { GovernanceDecision } from './port.ts';

const sentences = z.array(z.string().max(1_000)).max(100).default([]);
const decisionForm = z.object({
  decision: z.enum(['allow', 'deny', 'requireApproval']),
  reasons: sentences,
  obligations: sentences,
  planHash: z.string(),
});

/** @throws Error */
export function readDecision(answer: unknown, planHash: string): GovernanceDecision {
  const decision = decisionForm.parse(answer);
  if (decision.planHash !== planHash) throw new Error('the decider judged another plan');
  return decision;
}
