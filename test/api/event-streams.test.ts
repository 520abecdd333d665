/** The streams of server-sent events: what there is first, then what comes, and an end that says why. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordHealth } from '../../db/health.ts';
import { appendEvent } from '../../db/events.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import type { HealthStatus } from '../../domain/health.ts';
import { openLive } from '../../api/live/live.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { openEvents, type SentEvent } from '../_support/server-sent-events.ts';
import { until } from '../_support/until.ts';

const API = 'module-reservations-api';
const UNKNOWN_ID = 'evt-00000000000000000000000000000000';

let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  await deployed();
});
afterAll(async () => await stand?.[Symbol.asyncDispose]());

async function requested(): Promise<DeploymentId> {
  const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
  return body.deploymentId as DeploymentId;
}

async function deployed(): Promise<DeploymentId> {
  const id = await requested();
  await completeDeployment(stand.db, key, id);
  return id;
}

async function open(path: string, lastEventId?: string, token?: string) {
  const bearer = token ?? (await stand.token());
  return await openEvents(`${stand.api.rest.url}/v1/runtime${path}`, {
    authorization: `Bearer ${bearer}`,
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  });
}

const happen = (what: string) =>
  stand.db.forTenant(key.tenantId, (tx) => appendEvent(tx, key, { type: 'test.happened', data: { what } }));
const whats = (events: SentEvent[]) =>
  events.filter(({ event }) => event === 'test.happened').map(({ data }) => data.what);

describe('GET environments/{environmentId}/events', () => {
  const path = () => `/environments/${key.environmentId}/events`;

  it('tells where it begins, and then every event as it is committed', async () => {
    using stream = await open(path());
    const [opened] = await stream.atLeast(1);
    expect(opened).toMatchObject({ event: 'opened', data: { type: 'opened' } });
    await happen('a');
    await happen('b');
    const [, a, b] = await stream.atLeast(3);
    expect([a?.data.what, b?.data.what]).toEqual(['a', 'b']);
    expect(a?.data.revision).toBe(Number(opened?.data.revision) + 1);
    expect(a).toMatchObject({ id: a?.data.eventId, event: 'test.happened' });
  });

  it('carries the type of server-sent events, the version and a trace', async () => {
    using stream = await open(path());
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.headers.get('cs-schema-version')).toBe('1.0');
    expect(stream.headers.get('x-trace-id')).toMatch(/^trace-[0-9a-f]{32}$/);
  });

  it('answers HEAD by its headers alone', async () => {
    const reply = await stand.call('HEAD', `/v1/runtime${path()}`);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });

  it('goes on after the event that the caller has seen last, without a gap and without telling one twice', async () => {
    using first = await open(path());
    await first.atLeast(1);
    await happen('seen');
    const { id } = await first.having('the event', ({ data }) => data.what === 'seen');
    first[Symbol.dispose]();
    for (const what of ['missed 1', 'missed 2']) await happen(what);
    using second = await open(path(), id ?? '');
    await second.atLeast(2);
    await happen('live');
    await second.atLeast(3);
    expect(whats(second.events)).toEqual(['missed 1', 'missed 2', 'live']);
  });

  it('reads from the rows what is further back than what it keeps in memory', async () => {
    using watching = await open(path());
    const [opened] = await watching.atLeast(1);
    const many = Array.from({ length: 300 }, (_, at) => `${at}`);
    for (const what of many) await happen(what);
    await watching.having('the last', ({ data }) => data.what === '299');
    using late = await open(path(), opened?.id ?? '');
    await late.having('the last', ({ data }) => data.what === '299');
    expect(whats(late.events)).toEqual(many);
    expect(whats(watching.events)).toEqual(many);
  });

  it.each([UNKNOWN_ID, 'no id at all', '✓'.repeat(50)])(
    'begins with a reset after an event nobody knows: %s',
    async (id) => {
      using stream = await open(path(), encodeURIComponent(id));
      const [first] = await stream.atLeast(1);
      expect(first).toMatchObject({ event: 'reset', data: { type: 'reset' } });
      await happen('after');
      const [, next] = await stream.atLeast(2);
      expect(next?.data).toMatchObject({ what: 'after', revision: Number(first?.data.revision) + 1 });
    },
  );

  it("takes another environment's event for one that nobody knows", async () => {
    const other = await readyEnvironment(stand);
    using elsewhere = await open(`/environments/${other.environmentId}/events`);
    const [opened] = await elsewhere.atLeast(1);
    using stream = await open(path(), opened?.id ?? '');
    expect((await stream.atLeast(1))[0]?.event).toBe('reset');
  });
});

describe('GET deployments/{deploymentId}/events', () => {
  it('tells all that happened, and ends with the deployment', async () => {
    const id = await deployed();
    using stream = await open(`/deployments/${id}/events`);
    await stream.ended;
    const { body } = await stand.call('GET', `/v1/runtime/deployments/${id}`);
    const history = body.history as { type: string; at: string; phase?: string }[];
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { code: 'Ended' } });
    expect(stream.events.slice(0, -1).map(({ data }) => [data.type, data.at, data.phase])).toEqual(
      history.map(({ type, at, phase }) => [type, at, phase]),
    );
  });

  it('follows one that goes on, leaves out what is not its own, and ends when it has ended', async () => {
    const id = await requested();
    using stream = await open(`/deployments/${id}/events`);
    await stream.atLeast(1);
    await happen('something else');
    await completeDeployment(stand.db, key, id);
    await stream.ended;
    expect(stream.events.map(({ data }) => data.phase ?? data.code)).toEqual([
      'Requested',
      'Provisioning',
      'Configuring',
      'RollingOut',
      'HealthGating',
      'Promoting',
      'Completed',
      'Ended',
    ]);
  });

  it('ends at once for who has seen the last event', async () => {
    const id = await deployed();
    using whole = await open(`/deployments/${id}/events`);
    await whole.ended;
    using again = await open(`/deployments/${id}/events`, whole.events.at(-2)?.id ?? '');
    await again.ended;
    expect(again.events.map(({ event }) => event)).toEqual(['end']);
  });
});

describe('GET services/{serviceId}/health/events', () => {
  let second = 0;
  const probe = (status: HealthStatus, checks: { name: string; status: HealthStatus; durationMs?: number }[] = []) =>
    stand.db.forTenant(key.tenantId, (tx) =>
      recordHealth(tx, key, API, { status, checks, evaluatedAt: new Date(Date.UTC(2026, 0, 1, 0, 0, (second += 1))) }),
    );
  const path = () => `/services/${API}/health/events?environmentId=${key.environmentId}`;

  it('tells the present health first, and then every change of status or of a check', async () => {
    using stream = await open(path());
    const [first] = await stream.atLeast(1);
    expect(first?.data).toEqual({
      serviceId: API,
      environmentId: key.environmentId,
      status: 'Unknown',
      checks: [],
      evaluatedAt: null,
    });
    await probe('Healthy', [{ name: 'sql', status: 'Healthy', durationMs: 5 }]);
    await stream.atLeast(2);
    // Nothing but how long it took is different.
    await probe('Healthy', [{ name: 'sql', status: 'Healthy', durationMs: 9 }]);
    await probe('Healthy', [{ name: 'sql', status: 'Degraded' }]);
    await stream.atLeast(3);
    await probe('Unhealthy', [{ name: 'sql', status: 'Degraded' }]);
    const told = (await stream.atLeast(4)).map(({ event, id, data: { status, checks, evaluatedAt } }) => {
      expect([event, id]).toEqual(['health', evaluatedAt ?? null]);
      return [status, ...(checks as { status: string; durationMs?: number }[]).map((check) => check.status)];
    });
    expect(told).toEqual([['Unknown'], ['Healthy', 'Healthy'], ['Healthy', 'Degraded'], ['Unhealthy', 'Degraded']]);
  });

  it('does not repeat what the caller has seen last, and resets who has seen what is not on record', async () => {
    await probe('Healthy');
    const present = await stand.call('GET', `/v1/runtime/services/${API}/health?environmentId=${key.environmentId}`);
    using again = await open(path(), String(present.body.evaluatedAt));
    using lost = await open(path(), '2030-01-01T00:00:00.000Z');
    expect((await lost.atLeast(1))[0]).toMatchObject({ event: 'reset', data: present.body });
    await probe('Degraded');
    const [first] = await again.atLeast(1);
    expect(first).toMatchObject({ event: 'health', data: { status: 'Degraded' } });
    expect((await lost.atLeast(2))[1]).toMatchObject({ event: 'health', data: { status: 'Degraded' } });
  });
});

describe('the streams of a tenant', () => {
  it('are no more than it may have, of every kind together, and another tenant has its own', async () => {
    await using live = openLive({
      ...{ db: stand.db, url: stand.config.databaseUrl, streamsPerTenant: 2 },
      onError: () => undefined,
    });
    const api = await stand.start({ live });
    const path = `/v1/runtime/environments/${key.environmentId}/events`;
    const authorization = `Bearer ${await stand.token()}`;
    using first = await openEvents(api.rest.url + path, { authorization });
    using second = await openEvents(api.rest.url + path, { authorization });
    await Promise.all([first.atLeast(1), second.atLeast(1)]);
    for (const refused of [path, `/v1/runtime/services/${API}/logs?environmentId=${key.environmentId}`]) {
      const reply = await stand.call('GET', refused, { api });
      expect([reply.status, reply.body.code, reply.headers.get('retry-after')]).toEqual([429, 'TooManyStreams', '5']);
    }
    const other = await readyEnvironment(stand, { tenantId: 'fabrikam' });
    const elsewhere = `/v1/runtime/environments/${other.environmentId}/events`;
    expect((await stand.call('GET', elsewhere, { api, token: { tenant: 'fabrikam' } })).status).toBe(200);
    first[Symbol.dispose]();
    await until(async () => (await stand.call('GET', path, { api })).status === 200, { what: 'a place' });
    second[Symbol.dispose]();
    await Promise.all(Object.values(api).map((server) => (server as AsyncDisposable)[Symbol.asyncDispose]()));
  });
});

describe('a stream that comes to nothing', () => {
  it('holds no place of its tenant', async () => {
    await using live = openLive({
      ...{ db: stand.db, url: stand.config.databaseUrl, streamsPerTenant: 1 },
      onError: () => undefined,
    });
    const api = await stand.start({ live });
    // No compute target runs here, so that there is no log to read.
    const logs = `/v1/runtime/services/${API}/logs?environmentId=${key.environmentId}`;
    const unknown = `/v1/runtime/environments/${UNKNOWN_ID.replace('evt', 'env')}/events`;
    const known = `/v1/runtime/environments/${key.environmentId}/events`;
    const asked = [
      ['GET', logs, 503],
      ['GET', unknown, 404],
      ['HEAD', known, 200],
    ] as const;
    for (const [method, path, status] of [...asked, ...asked]) {
      await until(async () => (await stand.call(method, path, { api })).status === status, {
        what: `${method} ${path} to be answered ${status}`,
        timeoutMs: 10_000,
      });
    }
  });
});

describe('a stream ends', () => {
  const path = () => `/environments/${key.environmentId}/events`;

  it('when its token expires', async () => {
    using stream = await open(path(), undefined, await stand.token({ ttlSeconds: 2 }));
    await stream.ended;
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { code: 'TokenExpired' } });
  });

  it('at once when its token has just expired, and that is nothing to warn of', async () => {
    const warnings: string[] = [];
    const heed = ({ name }: Error) => warnings.push(name);
    process.on('warning', heed);
    using stream = await open(path(), undefined, await stand.token({ ttlSeconds: -10 }));
    await stream.ended;
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { code: 'TokenExpired' } });
    process.off('warning', heed);
    expect(warnings).toEqual([]);
  });

  it("when the tenant's binding is revoked", async () => {
    const own = await readyEnvironment(stand);
    using stream = await open(`/environments/${own.environmentId}/events`);
    await stream.atLeast(1);
    const bindings = await stand.call(
      'GET',
      `/v1/runtime/internal/tenant-bindings?environmentId=${own.environmentId}`,
      {
        internal: true,
      },
    );
    const [binding] = bindings.body.items as { tenantBindingId: string }[];
    const revoke = `/v1/runtime/internal/tenant-bindings/${binding?.tenantBindingId}/revoke`;
    expect((await stand.call('POST', revoke, { internal: true })).status).toBe(200);
    await stream.ended;
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { code: 'BindingRevoked' } });
  });

  it('when the server stops', async () => {
    const api = await stand.start();
    const bearer = await stand.token();
    using stream = await openEvents(`${api.rest.url}/v1/runtime${path()}`, { authorization: `Bearer ${bearer}` });
    await stream.atLeast(1);
    await api.rest[Symbol.asyncDispose]();
    await stream.ended;
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { code: 'ShuttingDown' } });
  });
});
