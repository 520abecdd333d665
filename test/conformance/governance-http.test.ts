import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openCedar } from '../../providers/governance/cedar.ts';
import { openHttpGovernance } from '../../providers/governance/http.ts';
import { openOpaGovernance } from '../../providers/governance/opa.ts';
import type { ApprovalRequest, GovernanceQuestion } from '../../providers/governance/port.ts';
import { openHttpServer, type HttpServer } from '../_support/http-server.ts';
import { freePort } from '../_support/free-port.ts';
import { openGovernancePlatform } from '../_support/governance-platform.ts';
import { samplePolicies } from '../_support/sample-policies.ts';
import { describeGovernance } from './governance.ts';

/** A platform that speaks the contract and decides by the sample policies. */
describeGovernance('a Governance platform over HTTP', async () => {
  const policies = samplePolicies();
  const platform = await openGovernancePlatform(openCedar(policies));
  return {
    governance: openHttpGovernance(platform),
    async close() {
      await platform[Symbol.asyncDispose]();
      policies[Symbol.dispose]();
    },
  };
});

const POLICIES = join(import.meta.dirname, '../../policies');
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

  it('is not reached where nobody listens or the decider fails, and is by any other answer, followed nowhere', async () => {
    const reach = async (url: string) => await open({ url }).reach?.(AbortSignal.timeout(10_000));
    await expect(reach(`http://127.0.0.1:${await freePort()}`)).rejects.toThrow();
    await expect(reach(await serving(says(ALLOW, 503)))).rejects.toThrow('503');
    const other = await serving((response) => response.writeHead(500).end());
    await reach(await serving((response) => response.writeHead(302, { location: other }).end()));
    await reach(await serving(says({}, 404)));
  });

  it('says nothing of the decider to the caller', async () => {
    const error = await ask(await serving(bytes('password=hunter2'))).catch((thrown: unknown) => thrown);
    expect((error as { publicMessage: string }).publicMessage).toBe(
      'Governance gives no decision now, so the change is refused.',
    );
  });
});

describe('approvals at the Governance platform', () => {
  const REQUEST: ApprovalRequest = {
    ...{ approvalId: 'apr-1', tenantId: 'connectsoft', subject: 'alice', clientId: 'studio', stage: 'prod' },
    ...{ action: 'deployments.create', environment: { tenantId: 'connectsoft', environmentId: 'env-1' } },
    ...{ planHash: PLAN, reasons: ['four-eyes'], obligations: [] },
  };
  const BOB = { verdict: 'approve', planHash: PLAN, subject: 'bob', clientId: 'studio', comment: null } as const;
  const THERE = { id: 'ext-1', status: 'Approved', decidedBy: 'bob', planHash: PLAN };
  const servers: HttpServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
  });
  const desk = (url: string) =>
    openHttpGovernance({ url, timeoutMs: 500 }).approvals ?? Promise.reject(new Error('none'));
  async function answering(body: unknown, status = 200) {
    const server = await openHttpServer((_request, response) => says(body, status)(response));
    servers.push(server);
    return await desk(server.url);
  }
  const UNAVAILABLE = { code: 'GovernanceUnavailable', kind: 'unavailable' };

  it.each([
    ['500', THERE, 500],
    ['no id', { ...THERE, id: undefined }, 201],
    ['an id that would be a path', { ...THERE, id: '../policies' }, 201],
    ['an empty id', { ...THERE, id: '' }, 201],
    ['202', THERE, 202],
  ])('are not made by an answer with %s', async (_what, body, status) => {
    await expect((await answering(body, status)).request(REQUEST)).rejects.toMatchObject(UNAVAILABLE);
  });

  it.each([
    ['500', THERE, 500],
    ['404', THERE, 404],
    ['another plan', { ...THERE, planHash: 'sha256:other' }, 200],
    ['no plan', { ...THERE, planHash: undefined }, 200],
    ['nobody who decided', { ...THERE, decidedBy: undefined }, 409],
    ['a rejection of what was approved', { ...THERE, status: 'Rejected' }, 200],
    ['a state that is no decision', { ...THERE, status: 'Pending' }, 409],
  ])('are not decided by an answer with %s', async (_what, body, status) => {
    await expect((await answering(body, status)).decide('ext-1', BOB)).rejects.toMatchObject(UNAVAILABLE);
  });

  it('are one for one of ours, and what was decided there first stands', async () => {
    await using platform = await openGovernancePlatform(openCedar({ folder: POLICIES }));
    const { approvals } = openHttpGovernance(platform);
    const id = await approvals?.request(REQUEST);
    expect(await approvals?.request(REQUEST)).toBe(id);
    expect(platform.approvals.size).toBe(1);
    expect(await approvals?.decide(String(id), BOB)).toEqual({
      ...{ status: 'Approved', decidedBy: 'bob', comment: null, isOurs: true },
    });
    expect(await approvals?.decide(String(id), { ...BOB, verdict: 'reject', subject: 'carol' })).toEqual({
      ...{ status: 'Approved', decidedBy: 'bob', comment: null, isOurs: false },
    });
  });
});
