/** `KILL_ROUNDS=100 npm test -- test/kill/api.test.ts` is the whole of it; a run of the suite makes a few rounds. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import { ROOT } from '../_support/api.ts';
import { openHoldProxy, type HoldProxy } from '../_support/hold-proxy.ts';
import { API, FAST_ROLLOUT, openOperator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3);

let platform: TestPlatform;
let sql: Client;
/** Between the API and Temporal: a ring that is held has been tried and is not heard. */
let temporal: HoldProxy;
let url: string;
let token: string;
let environmentId: string;
let api: ChildProcess | undefined;

beforeAll(async () => {
  // The API is this test's own, so that it alone goes the way that is held.
  platform = await openTestPlatform({ parts: ['postgres', 'temporal', 'issuer', 'supervisor', 'proxy', 'worker'] });
  const { config } = platform;
  sql = new Client({ connectionString: config.databaseUrl });
  await sql.connect();
  temporal = await openHoldProxy(config.ports.temporal);
  url = `http://127.0.0.1:${config.ports.rest}`;
  await startApi();
  token = await obtainToken({ home: platform.home, issuer: config.oidc.issuer, ttlSeconds: 7_200 });
  environmentId = await (await openOperator(platform)).provision('kill-api');
});
afterAll(async () => {
  api?.kill('SIGKILL');
  await temporal?.[Symbol.asyncDispose]();
  await sql?.end();
  await platform?.[Symbol.asyncDispose]();
});

async function startApi(): Promise<void> {
  const { config } = platform;
  const env = { ...config.env, DATABASE_URL: config.databaseUrl, TEMPORAL_ADDRESS: temporal.address };
  api = spawn(process.execPath, [join(ROOT, 'bin/api.ts')], { env, stdio: 'ignore' });
  await until(async () => (await fetch(`${url}/readyz`)).ok, { what: 'the API to be ready', everyMs: 20 });
}

async function killApi(): Promise<void> {
  const ended = new Promise((resolve) => api?.once('exit', resolve));
  api?.kill('SIGKILL');
  await ended;
  temporal.reset();
}

/** A deployment that changes what runs, so that a second run of it would show. */
async function deploy(round: number): Promise<Response> {
  const image = 'acr.azurecr.io/reservations-api:1.4.1';
  const components = [{ moduleId: API, image, target: 'aks', env: { ROUND: String(round) } }];
  return await fetch(`${url}/v1/runtime/deployments`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': `round-${round}`,
    },
    body: JSON.stringify({ environmentId, releaseRef: `round-${round}`, components, rollout: FAST_ROLLOUT }),
  });
}

const acceptedIn = async (round: number) =>
  (
    await sql.query<{ operation_id: string }>('select operation_id from requests where idempotency_key = $1', [
      `round-${round}`,
    ])
  ).rows;

/** @returns the operation that was accepted by an API that never answered, and never rang. */
async function killBetweenCommitAndRing(round: number): Promise<string> {
  temporal.hold();
  const unanswered = deploy(round).then(
    ({ status }) => `answered ${status}`,
    () => 'unanswered',
  );
  const [accepted] = await until(
    async () => {
      const rows = await acceptedIn(round);
      return rows.length > 0 && temporal.held() > 0 && rows;
    },
    { what: `round ${round} to be accepted and rung for`, everyMs: 2 },
  );
  await killApi();
  expect(await unanswered).toBe('unanswered');
  return accepted?.operation_id ?? '';
}

describe('an API that is killed between commit and ring', () => {
  const operations: string[] = [];

  it(`has lost and doubled nothing after ${ROUNDS} times`, { timeout: 120_000 + ROUNDS * 15_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      operations.push(await killBetweenCommitAndRing(round));
      await startApi();
      // Who got no answer asks again, with the same key.
      const again = await deploy(round);
      expect(again.status).toBe(202);
      expect(again.headers.get('operation-location')?.split('/').at(-1)).toBe(operations[round]);
      expect(await acceptedIn(round)).toHaveLength(1);
    }
    await until(async () => (await statuses()).every((status) => status === 'Succeeded' || status === 'Failed'), {
      what: 'every operation to end',
      timeoutMs: 90_000 + ROUNDS * 6_000,
      everyMs: 500,
    });
    expect(await statuses()).toEqual(operations.map(() => 'Succeeded'));
  });

  it('has run each of them once: one workflow, each phase once, and what runs is the last', async () => {
    const { client, connection } = openTemporal(platform.config.temporal);
    for (const id of operations) {
      // The row ends within the workflow's last step, and lists are a little behind.
      await client.workflow.getHandle(id).result();
      const runs = await until(
        async () => {
          const names: string[] = [];
          for await (const run of client.workflow.list({ query: `WorkflowId = "${id}"` })) names.push(run.status.name);
          return names.length > 0 && !names.includes('RUNNING') && names;
        },
        { what: `${id} to be listed as closed` },
      );
      expect(runs, id).toEqual(['COMPLETED']);
    }
    await connection.close();
    const twice = await sql.query(
      `select operation_id, type, data->>'phase' as phase from events where type = 'deploy.phase'
       group by 1, 2, 3 having count(*) > 1`,
    );
    expect(twice.rows).toEqual([]);
    const entered = await sql.query("select distinct operation_id from events where type = 'deploy.phase'");
    expect(entered.rows.length).toBe(operations.length);
    // What was replaced is taken away after the row has ended.
    await until(() => runningWorkloads(platform.home).length === 1, { what: 'one replica to be left' });
    const { rows } = await sql.query<{ id: string }>(
      "select id from operations where environment_id = $1 and kind = 'deploy' order by seq",
      [environmentId],
    );
    expect(rows.map(({ id }) => id)).toEqual(operations);
  });

  async function statuses(): Promise<string[]> {
    const { rows } = await sql.query<{ status: string }>(
      'select status from operations where id = any($1) order by seq',
      [operations],
    );
    return rows.map(({ status }) => status);
  }
});
