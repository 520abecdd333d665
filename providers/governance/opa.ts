/**
 * Governance by Open Policy Agent, over its data API: the rule `data.slipway.decision` sees the question as `input` and
 * gives the decision. A rule that is not there, or is undefined for this question, is no decision.
 */
import { z } from 'zod';
import { askDecisionPoint, type DecisionPointOptions } from './decision-point.ts';
import type { Governance } from './port.ts';

const answerForm = z.object({ result: z.unknown() });

export function openOpaGovernance(options: DecisionPointOptions): Governance {
  return {
    decide: (question) =>
      askDecisionPoint(options, {
        path: '/v1/data/slipway/decision',
        body: { input: question },
        decisionIn: (answer) => answerForm.parse(answer).result,
        planHash: question.planHash,
      }),
  };
}
