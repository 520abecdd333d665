/**
 * Every text of every body, query and path, replaced by one that is not what it looks like: it is refused where it stands,
 * or stored and given back as it came. Nothing normalises in silence, and nothing fails.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Endpoint } from '../../api/endpoint.ts';
import { COMMANDS } from '../../domain/commands.ts';
import { endpoints } from '../../api/endpoints.ts';
import { internalEndpoints } from '../../api/internal-endpoints.ts';
import { pointerOf } from '../../api/parse.ts';
import { findDeployment } from '../../db/deployments.ts';
import type { DeploymentId } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type CallOptions, type Reply } from '../_support/api.ts';
import { atMost } from '../_support/at-most.ts';
import { deployBody, readyEnvironment } from '../_support/api-states.ts';
import { fullBodiesOf, replaced, textsOf } from '../_support/hostile-bodies.ts';
import { NEVER_TAKEN, ODD_TEXTS } from '../_support/odd-texts.ts';
import { nameOf, sampleCall } from '../_support/sample-calls.ts';
import { openWorld, type World } from '../_support/sample-world.ts';

/** Where anybody may write what they like; all else has a form. By `METHOD route`, with * for what is in a list. */
const FREE: Record<string, string[]> = {
  ...Object.fromEntries(
    COMMANDS.map((command) => [`POST /runtime/deployments/{deploymentId}/${command}`, ['/reason']]),
  ),
  'POST /runtime/configurations': ['/values/LEVEL', '/files/etc~1app.json'],
  'POST /runtime/deployments': ['/components/*/env/LEVEL'],
  'POST /runtime/approvals/{approvalId}/approve': ['/comment'],
  'POST /runtime/approvals/{approvalId}/reject': ['/comment'],
  'POST /runtime/internal/health-reports': ['/checks/*/name'],
  // Held against what is live.
  'PUT /runtime/internal/environments/{environmentId}/services/{serviceId}': ['/revision'],
  // Filters: what nobody is called finds nothing.
  'GET /runtime/audit': ['?clientId', '?subject', '?method', '?route'],
};

let stand: ApiStand;
let world: World;
beforeAll(async () => {
  stand = await openApiStand();
  world = await openWorld(stand);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const all = [
  ...endpoints.map((endpoint) => ({ endpoint, internal: false })),
  ...internalEndpoints.map((endpoint) => ({ endpoint, internal: true })),
];
const byName = all.map(({ endpoint, internal }) => [nameOf(endpoint), endpoint, internal] as const);
const isFree = (endpoint: Endpoint, pointer: string) =>
  FREE[nameOf(endpoint)]?.includes(pointer.replaceAll(/\/\d+\//g, '/*/')) ?? false;

/** One text at one place, and how it is sent. */
interface Odd {
  what: string;
  pointer: string;
  text: string;
  path: string;
  options: CallOptions;
}

/** The odd text alone, and after what would be good. */
function* oddTextsFor(good: string): Generator<[what: string, text: string]> {
  for (const [what, text] of Object.entries({ ...ODD_TEXTS, ...NEVER_TAKEN })) {
    yield [what, text];
    if (good !== '') yield [`${what} after it`, good + text];
  }
}

function* inBodies(endpoint: Endpoint, path: string): Generator<Odd> {
  const shape = endpoint.kind === 'feed' ? endpoint.line : endpoint.input.body;
  if (!shape) return;
  const type = endpoint.kind === 'feed' ? 'application/x-ndjson' : 'application/json';
  const send = (body: unknown): CallOptions => ({
    body: `${JSON.stringify(body)}\n`,
    headers: { 'content-type': type },
  });
  for (const future of fullBodiesOf(endpoint)) {
    const full = seenNow(future);
    for (const [keys, good] of textsOf(full)) {
      const pointer = pointerOf('body', keys);
      for (const [what, text] of oddTextsFor(good))
        yield { what, pointer, text, path, options: send(replaced(full, keys, text)) };
    }
    for (const [what, text] of oddTextsFor(''))
      yield {
        what,
        pointer: pointerOf('body', [text]),
        text,
        path,
        options: send({ ...full, [text]: 'x' }),
      };
  }
}

/** Nothing is seen or evaluated before its time. */
function seenNow(body: unknown): object {
  const times = ['observedAt', 'evaluatedAt'].filter((name) => Object.hasOwn(body as object, name));
  return { ...(body as object), ...Object.fromEntries(times.map((name) => [name, new Date().toISOString()])) };
}

/** As a browser would write it, halves of pairs as the bytes that nothing decodes. */
const encoded = (text: string) =>
  text.isWellFormed() ? encodeURIComponent(text) : text.replaceAll(/[^ -~]/g, '%ED%A0%BD').replaceAll(' ', '%20');

function* inQueries(endpoint: Endpoint, path: string): Generator<Odd> {
  const [bare = '', sampled = ''] = path.split('?');
  const known = endpoint.input.query
    ? Object.keys(z.toJSONSchema(endpoint.input.query, { io: 'input', unrepresentable: 'any' }).properties ?? {})
    : [];
  for (const name of known) {
    const rest = new URLSearchParams(sampled);
    rest.delete(name);
    for (const [what, text] of oddTextsFor('a')) {
      const query = [`${name}=${encoded(text)}`, rest.toString()].filter(Boolean).join('&');
      yield { what, pointer: `?${name}`, text, path: `${bare}?${query}`, options: {} };
    }
  }
}

function* inPaths(endpoint: Endpoint, path: string): Generator<Odd> {
  const bare = path.split('?')[0]?.split('/') ?? [];
  for (const [at, part] of `/v1${endpoint.route}`.split('/').entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) continue;
    for (const [what, text] of oddTextsFor(bare[at] ?? '')) {
      yield { what, pointer: `{${name}}`, text, path: bare.with(at, encoded(text)).join('/'), options: {} };
    }
  }
}

/** What a line of a feed was told, as if it had been a call. */
function answerOf({ status, body, headers }: Reply): Pick<Reply, 'status' | 'body'> {
  const isLine = headers.get('content-type') === 'application/x-ndjson';
  if (!isLine || body.status !== 'Refused') return { status, body };
  return { status: body.code === 'EnvironmentNotFound' ? 404 : 400, body };
}

function isRight(
  endpoint: Endpoint,
  { pointer, text }: Odd,
  { status, body }: Pick<Reply, 'status' | 'body'>,
): boolean {
  if (status >= 500) return false;
  const isTaken = text.isWellFormed() && !text.includes('\u0000');
  if (pointer.startsWith('/') && !isTaken) return body.code === 'MalformedJson';
  // The tenant that a body states is not the token's.
  if (pointer === '/tenantId') return body.code === 'TenantMismatch' || body.errors?.[0]?.pointer === pointer;
  if (pointer.startsWith('?') && !text.isWellFormed()) return status === 400 && body.code === 'MalformedRequest';
  // What is no UTF-8 is no path.
  if (pointer.startsWith('{') && !text.isWellFormed()) return status === 404 && body.code === 'RouteNotFound';
  const pointers = (body.errors ?? []).map((error) => error.pointer);
  const isRefused = status === 400 && pointers.includes(pointer);
  return isRefused || (isFree(endpoint, pointer) && isTaken && status !== 400);
}

describe.each(byName)('%s', (_name, endpoint, internal) => {
  it.each([
    ['body', inBodies],
    ['query', inQueries],
    ['path', inPaths],
  ] as const)('refuses what is odd in its %s where it stands, or takes it as it is', async (_part, odds) => {
    const { method, path, headers } = await sampleCall(endpoint, world);
    const wrong = await atMost(8, [...odds(endpoint, path)], async (odd) => {
      const options = { ...odd.options, headers: { ...headers, ...odd.options.headers }, internal };
      const reply = answerOf(await stand.call(method, odd.path, options));
      if (isRight(endpoint, odd, reply)) return [];
      return [`${odd.pointer}, ${odd.what}: ${reply.status} ${JSON.stringify(reply.body).slice(0, 300)}`];
    });
    expect(wrong.flat()).toEqual([]);
  });
});

describe('what is taken', () => {
  const texts = Object.values(ODD_TEXTS);

  it('of a configuration comes back byte for byte', async () => {
    const { environmentId } = world.key;
    const values = Object.fromEntries(texts.map((text, at) => [`TEXT_${at}`, text]));
    const files = Object.fromEntries(texts.map((text, at) => [`text-${at}`, text]));
    const published = await stand.call('POST', '/v1/runtime/configurations', {
      body: { environmentId, values, files },
    });
    expect(published.status).toBe(201);
    const path = `/v1/runtime/configurations/${String(published.body.configurationId)}`;
    expect((await stand.call('GET', path)).body).toMatchObject({ values, files });
  });

  it('of texts that only look alike makes different configurations', async () => {
    const { environmentId } = world.key;
    const hashes = await Promise.all(
      ['\u00e9', 'e\u0301', '\ufb01', 'fi', 'a', '\u0430', 'a\u200b'].map(async (TEXT) => {
        const body = { environmentId, values: { TEXT } };
        return (await stand.call('POST', '/v1/runtime/configurations', { body })).body.hash;
      }),
    );
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('of the variables of a component is what the deployment has', async () => {
    const key = await readyEnvironment(stand);
    const env = Object.fromEntries(texts.map((text, at) => [`TEXT_${at}`, text]));
    const [component] = deployBody('').components;
    const body = deployBody(key.environmentId, { components: [{ ...component, env }] });
    const reply = await stand.call('POST', '/v1/runtime/deployments', { body });
    const row = await stand.db.forTenant(key.tenantId, (tx) =>
      findDeployment(tx, key.tenantId, reply.body.deploymentId as DeploymentId),
    );
    expect(row?.components[0]?.env).toEqual(env);
  });

  it('of the comment on an approval is what everybody reads', async () => {
    const comment = texts.join(' ');
    const { ids } = await openWorld(stand);
    const path = `/v1/runtime/approvals/${ids.approvalId}`;
    expect((await stand.call('POST', `${path}/reject`, { body: { comment } })).status).toBe(200);
    expect((await stand.call('GET', path)).body).toMatchObject({ comment });
  });

  it("of the names of a health report's checks is what the service's health says", async () => {
    const { environmentId, serviceId } = world.ids;
    const checks = texts.map((name) => ({ name, status: 'Healthy' }));
    const report = { environmentId, serviceId, status: 'Healthy', checks, evaluatedAt: new Date().toISOString() };
    const told = await stand.call('POST', '/v1/runtime/internal/health-reports', {
      headers: { 'content-type': 'application/x-ndjson' },
      body: `${JSON.stringify(report)}\n`,
      internal: true,
    });
    expect(told.body.status).toBe('Recorded');
    const { body } = await stand.call('GET', `/v1/runtime/services/${serviceId}/health?environmentId=${environmentId}`);
    expect((body.checks as { name: string }[]).map(({ name }) => name)).toEqual(texts);
  });
});
