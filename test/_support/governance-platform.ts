/** A Governance platform that speaks the contract over HTTP: it decides by Cedar policies, and keeps approvals and an audit. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Governance, GovernanceQuestion } from '../../providers/governance/port.ts';
import { openHttpServer } from './http-server.ts';

const TOKEN = 'of-slipway';

interface ApprovalThere {
  id: string;
  approvalId: string;
  planHash: string;
  status: 'Pending' | 'Approved' | 'Rejected';
  decidedBy?: string;
  comment?: string | null;
}

export interface GovernancePlatform extends AsyncDisposable {
  url: string;
  token: string;
  approvals: Map<string, ApprovalThere>;
  /** What was done there, in order. */
  audit: string[];
  /** A decision that somebody takes there. */
  decide(id: string, status: 'Approved' | 'Rejected', decidedBy: string): void;
  /** While true every call is answered 500. */
  isBroken: boolean;
}

export async function openGovernancePlatform(policies: Governance): Promise<GovernancePlatform> {
  const approvals = new Map<string, ApprovalThere>();
  const audit: string[] = [];
  const decide: GovernancePlatform['decide'] = (id, status, decidedBy) => {
    Object.assign(approvals.get(id) ?? {}, { status, decidedBy });
    audit.push(`${id} ${status} by ${decidedBy}`);
  };
  const platform = { token: TOKEN, approvals, audit, decide, isBroken: false };
  const server = await openHttpServer((request, response) => {
    answer(platform, policies, request, response).catch(() => response.writeHead(500).end());
  });
  return Object.assign(platform, {
    url: `${server.url}/base/`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}

type State = Pick<GovernancePlatform, 'approvals' | 'audit' | 'decide' | 'isBroken'>;

async function answer(of: State, policies: Governance, request: IncomingMessage, response: ServerResponse) {
  const reply = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (of.isBroken) return reply(500, {});
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return reply(404, {});
  const [, base, noun, id = '', verb = ''] = request.url?.split('/') ?? [];
  const call = `${request.method} ${base}/${noun}/${id && noun === 'approvals' ? '{id}' : id}${verb && `/${verb}`}`;
  if (call === 'GET base/audit/') return reply(200, { items: of.audit });
  const body = (await json(request)) as Record<string, string> & GovernanceQuestion;
  switch (call) {
    case 'POST base/policies/evaluate':
      return reply(200, await policies.decide(body));
    case 'POST base/approvals/': {
      const key = String(request.headers['idempotency-key']);
      const known = of.approvals.get(`ext-${key}`);
      const made = {
        id: `ext-${key}`,
        approvalId: String(body.approvalId),
        planHash: body.planHash,
        status: 'Pending',
      };
      if (!known) of.approvals.set(made.id, made as ApprovalThere);
      return reply(known ? 200 : 201, known ?? made);
    }
    case 'POST base/approvals/{id}/approve':
    case 'POST base/approvals/{id}/reject': {
      const approval = of.approvals.get(id);
      if (!approval) return reply(404, {});
      if (approval.status !== 'Pending') return reply(409, approval);
      of.decide(id, verb === 'approve' ? 'Approved' : 'Rejected', body.subject);
      return reply(200, Object.assign(approval, { comment: body.comment }));
    }
    default:
      return reply(404, {});
  }
}
