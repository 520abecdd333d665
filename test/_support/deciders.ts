/** A Governance platform that gives one kind of answer at each path, clean or broken, and counts how often it is asked. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Governance, GovernanceQuestion } from '../../providers/governance/port.ts';
import { openHttpGovernance } from '../../providers/governance/http.ts';
import { freePort } from './free-port.ts';
import { openHttpServer } from './http-server.ts';

type Answer = (question: GovernanceQuestion, response: ServerResponse) => void;

const says =
  (change: object): Answer =>
  ({ planHash }, response) =>
    response.end(JSON.stringify({ reasons: ['a-policy'], obligations: [], planHash, ...change }));

const ANSWERS = {
  allow: says({ decision: 'allow' }),
  deny: says({ decision: 'deny' }),
  requireApproval: says({ decision: 'requireApproval' }),
  'no decision at all': says({}),
  'a decision that is unknown': says({ decision: 'maybe' }),
  'an allowance of another plan': says({ decision: 'allow', planHash: 'sha256:other' }),
  'no JSON': (_question, response) => response.end('<html>allow</html>'),
  'a fault of its own': (_question, response) => response.writeHead(500).end('{"decision":"allow"}'),
} satisfies Record<string, Answer>;

export type Decision = keyof typeof ANSWERS | 'nothing, being away';
export const DECISIONS = [...Object.keys(ANSWERS), 'nothing, being away'] as Decision[];

export interface Deciders extends AsyncDisposable {
  /** The product's own driver, asking for this answer. */
  governance(decision: Decision): Governance;
  /** How often this answer was given. */
  asked(decision: Decision): number;
}

export async function openDeciders(): Promise<Deciders> {
  const counts = new Map<string, number>();
  const names = Object.keys(ANSWERS);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    // What wants an approval is made there too; that is no question.
    if (request.url?.endsWith('/approvals')) return response.writeHead(201).end('{"id":"approval-there"}');
    const name = names[Number(request.url?.split('/')[1])] as keyof typeof ANSWERS;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    ANSWERS[name]((await json(request)) as GovernanceQuestion, response);
  };
  const server = await openHttpServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(500).end());
  });
  const nobody = `http://127.0.0.1:${await freePort()}`;
  return {
    governance(decision) {
      const index = names.indexOf(decision);
      return openHttpGovernance({ url: index < 0 ? nobody : `${server.url}/${index}` });
    },
    asked: (decision) => counts.get(decision) ?? 0,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
