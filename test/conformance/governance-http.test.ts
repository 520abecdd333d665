import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { openCedar } from '../../providers/governance/cedar.ts';
import { openHttpGovernance } from '../../providers/governance/http.ts';
import { openOpaGovernance } from '../../providers/governance/opa.ts';
import type { GovernanceQuestion } from '../../providers/governance/port.ts';
import { openHttpServer, type HttpServer } from '../_support/http-server.ts';
import { freePort } from '../_support/free-port.ts';
import { samplePolicies } from '../_support/sample-policies.ts';
import { describeGovernance } from './governance.ts';

/** A platform that speaks the contract and decides by the sample policies. */
describeGovernance('a Governance platform over HTTP', async () => {
  const policies = samplePolicies();
  const cedar = openCedar(policies);
  const evaluate = async (request: IncomingMessage, response: ServerResponse) => {
    const isOurs = request.method === 'POST' && request.url === '/base/policies/evaluate';
    if (!isOurs || request.headers.authorization !== 'Bearer of-slipway') {
      response.writeHead(404).end();
      return;
    }
    const decision = await cedar.decide(JSON.parse(await text(request)) as GovernanceQuestion);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(decision));
  };
  const server = await openHttpServer((request, response) => {
    evaluate(request, response).catch(() => response.writeHead(500).end());
  });
  return {
    governance: openHttpGovernance({ url: `${server.url}/base/`, token: 'of-slipway' }),
    async close() {
      await server[Symbol.asyncDispose]();
      policies[Symbol.dispose]();
    },
  };
});

const PLAN = 'sha256:plan';
const QUESTION: GovernanceQuestion = {
  ...{ tenantId: 'connectsoft', subject: 's', clientId: 'c', action: 'deployments.create', stage: 'prod' },
  ...{ environment: { tenantId: 'connectsoft' }, planHash: PLAN, facts: { at: '2026-06-10T00:00:00Z' } },
};
const ALLOW = { decision: 'allow', reasons: [], obligations: [], planHash: PLAN };

type Answer = (response: ServerResponse) => void;
/** What both drivers would take for an allowance, if it were clean. */
const says = (decision: unknown, status = 200): Answer => {
  const both = typeof decision === 'object' ? { ...decision, result: decision } : decision;
  return (response) => response.writeHead(status).end(JSON.stringify(both));
};
const bytes =
  (body: string | Buffer): Answer =>
  (response) =>
    response.writeHead(200).end(body);

/** Writes as long as it is listened to. */
function endless(response: ServerResponse): void {
  response.writeHead(200);
  const more = () => {
    if (!response.destroyed) response.write(' '.repeat(16_384), () => setImmediate(more));
  };
  more();
}

/** An answer that never gets to its end. */
function stalls(response: ServerResponse): void {
  response.writeHead(200).write('{"decision":"allow",');
}

const BROKEN: [string, Answer][] = [
  ['500', says(ALLOW, 500)],
  ['201', says(ALLOW, 201)],
  ['403 with an allowance in it', says(ALLOW, 403)],
  ['no content', (response) => response.writeHead(204).end()],
  ['nothing', () => undefined],
  ['the beginning of an answer', stalls],
  ['a broken connection', (response) => response.destroy()],
  ['what is no JSON', bytes('<html>allow</html>')],
  ['what is no UTF-8', bytes(Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
  ['a JSON as deep as it is long', bytes('['.repeat(30_000))],
  ['more than 64 KiB', says({ ...ALLOW, padding: 'x'.repeat(70_000) })],
  ['without end', endless],
  ['null', says(null)],
  ['a list', bytes('[]')],
  ['an unknown decision', says({ ...ALLOW, decision: 'Allow' })],
  ['no decision', says({ ...ALLOW, decision: undefined })],
  ['another plan', says({ ...ALLOW, planHash: 'sha256:other' })],
  ['no plan', says({ ...ALLOW, planHash: undefined })],
  ['reasons that are no list', says({ ...ALLOW, reasons: 'because' })],
];

const DRIVERS = [
  ['http', openHttpGovernance],
  ['opa', openOpaGovernance],
] as const;

describe.each(DRIVERS)('the driver %s', (_driver, open) => {
  let servers: HttpServer[] = [];
  afterEach(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    servers = [];
  });
  async function serving(answer: Answer): Promise<string> {
    const server = await openHttpServer((_request, response) => answer(response));
    servers.push(server);
    return server.url;
  }
  const ask = (url: string, timeoutMs?: number) => open({ url, timeoutMs }).decide(QUESTION);

  it('takes the decision, its reasons and its obligations', async () => {
    const decision = { ...ALLOW, decision: 'requireApproval', reasons: ['four eyes'], obligations: ['tell the owner'] };
    expect(await ask(await serving(says(decision)))).toEqual(decision);
  });

  it.each(BROKEN)('gives no decision when the decider answers %s', async (_what, answer) => {
    const asked = ask(await serving(answer), 500);
    await expect(asked).rejects.toMatchObject({ code: 'GovernanceUnavailable', kind: 'unavailable' });
  });

  it('follows no redirect, not even to a decider that allows', async () => {
    let asked = 0;
    const other = await serving((response) => {
      asked += 1;
      says(ALLOW)(response);
    });
    for (const status of [301, 302, 307, 308]) {
      const url = await serving((response) => response.writeHead(status, { location: other }).end());
      await expect(ask(url)).rejects.toMatchObject({ code: 'GovernanceUnavailable' });
    }
    expect(asked).toBe(0);
  });

  it('gives no decision when nobody listens', async () => {
    await expect(ask(`http://127.0.0.1:${await freePort()}`)).rejects.toMatchObject({ code: 'GovernanceUnavailable' });
  });

  it('says nothing of the decider to the caller', async () => {
    const error = await ask(await serving(bytes('password=hunter2'))).catch((thrown: unknown) => thrown);
    expect((error as { publicMessage: string }).publicMessage).toBe(
      'Governance gives no decision now, so the change is refused.',
    );
  });
});
