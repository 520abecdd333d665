/** What readers that stay connected are told when the database under the API goes back to an earlier moment. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLive } from '../../api/live/live.ts';
import { appendEvent } from '../../db/events.ts';
import type { DeploymentId, EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type RunningApi } from '../_support/api.ts';
import { completeDeployment, deployBody, readyEnvironment } from '../_support/api-states.ts';
import { openHoldProxy } from '../_support/hold-proxy.ts';
import { backUp } from '../_support/restore-database.ts';
import { openEvents } from '../_support/server-sent-events.ts';
import { until } from '../_support/until.ts';

let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const path = () => `/environments/${key.environmentId}/events`;

async function open(of: string, api: RunningApi = stand.api) {
  const authorization = `Bearer ${await stand.token()}`;
  return await openEvents(`${api.rest.url}/v1/runtime${of}`, { authorization });
}

const happen = (what: string) =>
  stand.db.forTenant(key.tenantId, (tx) => appendEvent(tx, key, { type: 'test.happened', data: { what } }));

/** @returns puts the database back as it is now */
async function backedUp(): Promise<() => Promise<void>> {
  const restore = await backUp(stand.config.databaseUrl);
  await answers();
  return async () => {
    await restore();
    await answers();
  };
}

const answers = () => until(() => stand.db.ping().then(() => true), { what: 'the database to answer' });

describe('a reader of events that is connected while the database is restored', () => {
  it('is told a reset, where that is, and what happens from there, by numbers that are given again', async () => {
    using stream = await open(path());
    await stream.atLeast(1);
    await happen('kept');
    const kept = await stream.having('the first', ({ data }) => data.what === 'kept');
    const restore = await backedUp();
    for (const what of ['lost 1', 'lost 2']) await happen(what);
    await stream.having('the last', ({ data }) => data.what === 'lost 2');
    await restore();
    const reset = await stream.having('a reset', ({ event }) => event === 'reset');
    expect(reset).toMatchObject({ id: kept.id, data: { type: 'reset', revision: kept.data.revision } });
    await happen('after');
    const after = await stream.having('what comes next', ({ data }) => data.what === 'after');
    expect(after.data.revision).toBe(Number(kept.data.revision) + 1);
    expect(stream.events.map(({ event, data }) => data.what ?? event)).toEqual([
      ...['opened', 'kept', 'lost 1', 'lost 2'],
      ...['reset', 'after'],
    ]);
  });

  it('is told nothing when all that it was told is there', async () => {
    using stream = await open(path());
    await stream.atLeast(1);
    const restore = await backedUp();
    await restore();
    await happen('after');
    await stream.having('what comes next', ({ data }) => data.what === 'after');
    expect(stream.events.map(({ event, data }) => data.what ?? event)).toEqual(['opened', 'after']);
  });

  it("is told a deployment's events once more from the first one", async () => {
    const { body } = await stand.call('POST', '/v1/runtime/deployments', { body: deployBody(key.environmentId) });
    const id = body.deploymentId as DeploymentId;
    const restore = await backedUp();
    using stream = await open(`/deployments/${id}/events`);
    using beside = await open(path());
    await Promise.all([stream.atLeast(1), beside.atLeast(1)]);
    await happen('lost');
    await beside.having('what is lost', ({ data }) => data.what === 'lost');
    await restore();
    await stream.having('a reset', ({ event }) => event === 'reset');
    await completeDeployment(stand.db, key, id);
    await stream.ended;
    const phases = ['Requested', 'Provisioning', 'Configuring', 'RollingOut', 'HealthGating', 'Promoting', 'Completed'];
    expect(stream.events.map(({ event, data }) => data.phase ?? event)).toEqual([
      'Requested',
      'reset',
      ...phases,
      'end',
    ]);
  });

  it('is told a reset, too, when more has happened since than was lost before the process is told of changes again', async () => {
    const proxy = await openHoldProxy(stand.config.ports.postgres);
    const url = Object.assign(new URL(stand.config.databaseUrl), { host: proxy.address }).href;
    await using live = openLive({ db: stand.db, url, onError: () => undefined });
    const api = await stand.start({ live });
    using stream = await open(path(), api);
    await stream.atLeast(1);
    const restore = await backedUp();
    await happen('lost');
    await stream.having('the last', ({ data }) => data.what === 'lost');
    proxy.hold();
    await restore();
    for (const what of ['after 1', 'after 2']) await happen(what);
    live.touched(key);
    await stream.atLeast(3);
    await happen('after 3');
    live.touched(key);
    await stream.having('what comes next', ({ data }) => data.what === 'after 3');
    expect(stream.events.map(({ event, data }) => data.what ?? event)).toEqual(['opened', 'lost', 'reset', 'after 3']);
    await proxy[Symbol.asyncDispose]();
  });
});
