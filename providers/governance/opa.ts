/**
 * Governance by Open Policy Agent, over its data API: the rule `data.slipway.decision` sees the question as `input` and
 * gives the decision. A rule that is not there, or is undefined for this question, is no decision.
 */
import { z } from 'zod';
import { askDecider, reachDecider, type DeciderOptions } from './decider.ts';
import { readDecision } from './decision-form.ts';
import type { Governance } from './port.ts';

const answerForm = z.object({ result: z.unknown() });

export function openOpaGovernance(options: DeciderOptions): Governance {
  return {
    decide: (question) =>
      askDecider(options, {
        path: '/v1/data/slipway/decision',
        body: { input: question },
        expected: [200],
        read: (answer) => readDecision(answerForm.parse(answer).result, question.planHash),
      }),
    reach: (signal) => reachDecider(options, signal),
  };
}
