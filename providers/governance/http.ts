/**
 * Governance by the Governance platform: `POST {url}/policies/evaluate` with the question, answered with the decision.
 * It keeps approvals too: `POST {url}/approvals`, and `POST {url}/approvals/{id}/approve|reject`.
 */
import { z } from 'zod';
import { askDecider, reachDecider, type DeciderOptions } from './decider.ts';
import { readDecision } from './decision-form.ts';
import type { ApprovalDesk, Governance } from './port.ts';

export function openHttpGovernance(options: DeciderOptions): Governance {
  return {
    decide: (question) =>
      askDecider(options, {
        path: '/policies/evaluate',
        body: question,
        expected: [200],
        read: (answer) => readDecision(answer, question.planHash),
      }),
    reach: (signal) => reachDecider(options, signal),
    approvals: openDesk(options),
  };
}

/** What a header or a path can carry. */
const made = z.object({ id: z.string().regex(/^[A-Za-z0-9._~-]{1,200}$/) });
const decided = z.object({
  status: z.enum(['Approved', 'Rejected']),
  decidedBy: z.string().min(1).max(300),
  comment: z.string().max(1_000).nullish(),
  planHash: z.string(),
});

function openDesk(options: DeciderOptions): ApprovalDesk {
  return {
    request: (request) =>
      askDecider(options, {
        path: '/approvals',
        headers: { 'idempotency-key': request.approvalId },
        body: request,
        expected: [200, 201],
        read: (answer) => made.parse(answer).id,
      }),
    decide: (id, { verdict, planHash, ...by }) =>
      askDecider(options, {
        path: `/approvals/${id}/${verdict}`,
        body: by,
        // 409: it was decided before; the answer says how, and by whom.
        expected: [200, 409],
        read(answer, status) {
          const { planHash: of, comment = null, ...decision } = decided.parse(answer);
          if (of !== planHash) throw new Error('the approval is of another plan');
          const wanted = verdict === 'approve' ? 'Approved' : 'Rejected';
          if (status === 200 && decision.status !== wanted)
            throw new Error(`it is ${decision.status} by an ${verdict}`);
          return { ...decision, comment, isOurs: status === 200 };
        },
      }),
  };
}
