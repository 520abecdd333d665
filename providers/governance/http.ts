/** Governance by the Governance platform: `POST {url}/policies/evaluate` with the question, answered with the decision. */
import { askDecisionPoint, type DecisionPointOptions } from './decision-point.ts';
import type { Governance } from './port.ts';

export function openHttpGovernance(options: DecisionPointOptions): Governance {
  return {
    decide: (question) =>
      askDecisionPoint(options, {
        path: '/policies/evaluate',
        body: question,
        decisionIn: (answer) => answer,
        planHash: question.planHash,
      }),
  };
}
