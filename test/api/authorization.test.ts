/**
 * Who may call what: every endpoint × every kind of caller × production or not. What each call is to be answered is
 * worked out here from the endpoint's own definition, by rules that share nothing with the pipeline.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpoints } from '../../api/endpoints.ts';
import type { Stage } from '../../domain/phases.ts';
import { SCOPES, type Scope } from '../../domain/scopes.ts';
import { openApiStand, type ApiStand, type CallOptions, type Reply, type RunningApi } from '../_support/api.ts';
import { atMost } from '../_support/at-most.ts';
import { BROKEN_TOKENS } from '../_support/broken-tokens.ts';
import { isDescribedBody } from '../_support/contract.ts';
import { DECISIONS, openDeciders, type Deciders, type Decision } from '../_support/deciders.ts';
import { forgeToken } from '../_support/forge-token.ts';
import { isCommand, sampleCall, type ReadyCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

const STAGES = ['prod', 'test'] as const satisfies Stage[];
const AT_ONCE = 8;

/** What a call is answered: one of these statuses, with this code. */
interface Verdict {
  status: number[];
  code?: string;
  /** That the refusal asks for. */
  scope?: Scope;
  /** That the operation it led to waits for an approval. */
  waits?: boolean;
}
const opened = ({ answers }: ReadyCall): Verdict => ({ status: answers });
const refused = (status: number, code: string) => (): Verdict => ({ status: [status], code });

/**
 * Production mutations by these scopes are judged by governance; configurations are not (ADR 0011), nor commands to what was
 * judged already (ADR 0048).
 */
const GOVERNED: Scope[] = [
  'runtime.environments.write',
  'runtime.deployments.write',
  'runtime.scaling.write',
  'runtime.secrets.write',
];
const isGoverned = (call: ReadyCall) =>
  call.method !== 'GET' && GOVERNED.includes(call.scope) && !isCommand(call.endpoint);

/** What is always an operation can wait for its approval; what takes effect at once cannot (ADR 0023). */
const awaitsApproval = (call: ReadyCall): Verdict =>
  Object.keys(call.endpoint.output).join() === '202'
    ? { status: [202], waits: true }
    : { status: [403], code: 'GovernanceApprovalRequired' };

const GOVERNANCE_VERDICTS: Partial<Record<Decision, (call: ReadyCall) => Verdict>> = {
  allow: opened,
  deny: refused(403, 'GovernanceDenied'),
  requireApproval: awaitsApproval,
};

let cases = 0;
let stand: ApiStand;
let tables: TenantTables;
let deciders: Deciders;
const worlds = {} as Record<Stage, World>;
const revokedWorlds = {} as Record<Stage, World>;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
  deciders = await openDeciders();
  for (const stage of STAGES) {
    worlds[stage] = await openWorld(stand, { stage });
    revokedWorlds[stage] = await openWorld(stand, { stage });
    const { environmentId } = revokedWorlds[stage].key;
    await tables.query('update tenant_bindings set revoked_at = now() where environment_id = $1', [environmentId]);
  }
});
afterAll(async () => {
  await deciders?.[Symbol.asyncDispose]();
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

/** A way to call an endpoint, and what it is to be answered. */
interface Attempt {
  /** @default both */
  stages?: readonly Stage[];
  /** @default one that is whole */
  world?: (stage: Stage) => World;
  options: (call: ReadyCall) => CallOptions;
  wanted: (call: ReadyCall, stage: Stage) => Verdict;
  /** What the answer must not name. */
  unseen?: (stage: Stage) => World;
}

/** Makes the attempt on every endpoint in every stage; gives back a line for each answer that was not the wanted one. */
async function attempt(tried: Attempt): Promise<string[]> {
  const { stages = STAGES, world = (stage) => worlds[stage], options, wanted, unseen } = tried;
  const calls = stages.flatMap((stage) => endpoints.map((endpoint) => ({ stage, endpoint })));
  cases += calls.length;
  const lines = await atMost(AT_ONCE, calls, async ({ stage, endpoint }) => {
    let call = await sampleCall(endpoint, world(stage));
    const verdict = wanted(call, stage);
    const isChange = endpoint.method !== 'GET' && verdict.code === undefined;
    // What is changed by the call is not there for the next one.
    if (isChange && endpoint.target) call = await sampleCall(endpoint, await openWorld(stand, { stage }));
    const { headers, ...rest } = options(call);
    const reply = await stand.call(call.method, call.path, {
      body: call.body,
      headers: { ...call.headers, ...headers },
      ...rest,
    });
    const text = JSON.stringify(reply.body);
    const names = unseen !== undefined && idsOf(unseen(stage)).some((id) => text.includes(id));
    if (!names && (await isAsWanted(reply, verdict))) return [];
    return [`${stage} ${call.name}: ${reply.status} ${text.slice(0, 300)}, not ${JSON.stringify(verdict)}`];
  });
  return lines.flat();
}

async function isAsWanted(reply: Reply, { status, code, scope, waits = false }: Verdict): Promise<boolean> {
  if (!status.includes(reply.status)) return false;
  if (code !== undefined && reply.body.code !== code) return false;
  if (scope !== undefined && reply.body.requiredScope !== scope) return false;
  const operation = reply.headers.get('operation-location');
  const { body } = waits && operation ? await stand.call('GET', operation) : { body: {} };
  const waitingOn = 'waitingOn' in body ? (body.waitingOn as { kind?: string } | null) : null;
  return (waitingOn?.kind === 'approval') === waits;
}

/** Those of rows; the name of a service is the same in every tenant. */
const idsOf = ({ ids: { serviceId: _same, ...ids } }: World) => Object.values(ids);

const scoped = (scope: string) => ({ token: forgeToken(stand.config, { claims: { scope } }) });

describe('a token that is wrong', () => {
  let before: string;
  beforeAll(async () => {
    before = await tables.digest();
  });

  it.each(BROKEN_TOKENS)('for $what is answered $status $code by every endpoint', async (broken) => {
    const authorization = broken.authorization(stand.config);
    const headers: Record<string, string> = authorization === null ? {} : { authorization };
    const options = () => ({ token: null, headers });
    // Who is not known is told so before anybody looks at the stage.
    expect(await attempt({ stages: ['prod'], options, wanted: refused(broken.status, broken.code) })).toEqual([]);
  });

  it('has changed nothing', async () => {
    expect(await tables.digest()).toBe(before);
  });

  it('is the only thing that was wrong', async () => {
    const options = () => ({ token: forgeToken(stand.config, {}) });
    expect(await attempt({ options, wanted: opened })).toEqual([]);
  });
});

describe('a scope', () => {
  const missing = ({ scope }: ReadyCall): Verdict => ({ status: [403], code: 'ScopeMissing', scope });

  it.each(SCOPES)('%s alone opens exactly its endpoints', async (one) => {
    const wanted = (call: ReadyCall) => (call.scope === one ? opened(call) : missing(call));
    expect(await attempt({ options: () => scoped(one), wanted })).toEqual([]);
  });

  it.each<[string, (scope: Scope) => string]>([
    ['all but the right one', (scope) => SCOPES.filter((one) => one !== scope).join(' ')],
    ['none', () => ''],
    ['a longer word', (scope) => `${scope}r`],
    ['a shorter word', (scope) => scope.slice(0, -1)],
    ['other letters', (scope) => scope.toUpperCase()],
    ['a comma between two', (scope) => `${scope},${scope}`],
    ['its noun alone', (scope) => scope.replace(/\.[a-z]+$/, '')],
    ['a pattern', () => 'runtime.* *'],
    ['a tab between two', (scope) => `a\t${scope}`],
    ['a line between two', (scope) => `a\n${scope}`],
    ['a space that does not break', (scope) => `a\u00a0${scope}`],
    ['a character of no width', (scope) => `${scope}\u200b`],
    ['quotes', (scope) => `"${scope}"`],
    ['a longer word, and a number', (scope) => `${scope}2 ${scope}-x x-${scope}`],
  ])('is missed where the token carries %s', async (_what, carried) => {
    const before = await tables.digest();
    expect(await attempt({ options: ({ scope }) => scoped(carried(scope)), wanted: missing })).toEqual([]);
    expect(await tables.digest()).toBe(before);
  });

  it.each<[string, (scope: Scope) => Record<string, unknown>]>([
    ['as scp', (scope) => ({ scp: scope })],
    ['as a list in scp', (scope) => ({ scp: [scope] })],
    ['as scopes', (scope) => ({ scopes: [scope], permissions: [scope], roles: [scope] })],
  ])('is missed where the token has it %s', async (_what, carried) => {
    const token = (call: ReadyCall) =>
      forgeToken(stand.config, { claims: { scope: undefined, ...carried(call.scope) } });
    expect(await attempt({ options: (call) => ({ token: token(call) }), wanted: missing })).toEqual([]);
  });

  it('opens its endpoints however often the token has it, among whatever else', async () => {
    const carried = (scope: Scope) => `  unknown ${scope}  ${scope} ${scope}2 `;
    expect(await attempt({ options: ({ scope }) => scoped(carried(scope)), wanted: opened })).toEqual([]);
  });
});

describe('a tenant', () => {
  const foreign = { status: [404] };
  const asFabrikam = (scope: string) => ({
    token: forgeToken(stand.config, { claims: { tenantId: 'fabrikam', scope } }),
  });

  it('is answered for what is of another as for what is missing, and never reads of it', async () => {
    const wanted = (call: ReadyCall) =>
      call.endpoint.target ? { ...foreign, code: call.endpoint.target.notFound } : opened(call);
    const unseen = (stage: Stage) => worlds[stage];
    expect(await attempt({ options: () => asFabrikam(SCOPES.join(' ')), wanted, unseen })).toEqual([]);
  });

  it('is told so even without the scope', async () => {
    const wanted = ({ endpoint: { target } }: ReadyCall) =>
      target ? { ...foreign, code: target.notFound } : refused(403, 'ScopeMissing')();
    expect(await attempt({ options: () => asFabrikam(''), wanted })).toEqual([]);
  });

  it.each([
    ['every scope', SCOPES.join(' '), opened],
    ['none', '', refused(403, 'ScopeMissing')],
  ] as const)('whose binding is revoked is told so, with %s', async (_what, scope, otherwise) => {
    const wanted = (call: ReadyCall): Verdict =>
      call.endpoint.target ? refused(403, 'BindingRevoked')() : otherwise(call);
    const world = (stage: Stage) => revokedWorlds[stage];
    expect(await attempt({ world, options: () => scoped(scope), wanted })).toEqual([]);
  });

  it("that the body states and is not the token's is refused before anything is looked up", async () => {
    const before = await tables.digest();
    const stated = ({ body }: ReadyCall) => ({ ...(body as object), tenantId: 'fabrikam' });
    const wanted = (call: ReadyCall): Verdict => {
      if (call.method === 'GET') return opened(call);
      const isTaken = isDescribedBody(call.method, call.path, stated(call));
      return isTaken ? refused(403, 'TenantMismatch')() : refused(400, 'ValidationFailed')();
    };
    const options = (call: ReadyCall) => ({ body: call.method === 'GET' ? undefined : stated(call) });
    expect(await attempt({ options, wanted })).toEqual([]);
    expect(await tables.digest()).toBe(before);
  });
});

describe('governance', () => {
  it.each(DECISIONS)('that answers %s decides about production changes alone', async (decision) => {
    const api: RunningApi = await stand.start({ governance: deciders.governance(decision) });
    const verdict = GOVERNANCE_VERDICTS[decision] ?? refused(503, 'GovernanceUnavailable');
    const wanted = (call: ReadyCall, stage: Stage) =>
      stage === 'prod' && isGoverned(call) ? verdict(call) : opened(call);
    const options = () => ({ api, token: forgeToken(stand.config, {}) });
    expect(await attempt({ options, wanted })).toEqual([]);
  });
});

describe('all of this', () => {
  it('were at least a thousand cases', () => {
    expect(cases).toBeGreaterThan(1_000);
  });
});
