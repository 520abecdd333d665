/**
 * What Slipway stands on is taken from under it while callers post work. `npm run torture:dependencies` is the whole of it;
 * a run of the suite makes one round of each.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { openDatabase, type Database } from '../../db/client.ts';
import { ensureSecretFile } from '../../local/secret-file.ts';
import type { ComputeTarget } from '../../providers/compute/port.ts';
import { processCompute } from '../../providers/compute/process.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import { NOTHING, placesOf } from '../_support/environment-places.ts';
import { bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { backUp } from '../_support/restore-database.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';
import { TENANT, allEnded, endsOf, expectAgreement } from './agreement.ts';
import { startPosting, type Posting } from './posting.ts';

const OUTAGES = Number(process.env.OUTAGE_ROUNDS ?? 1);
const LOSSES = Number(process.env.LOSS_ROUNDS ?? 1);
const ENVIRONMENTS = Number(process.env.LOADED_ENVIRONMENTS ?? 2);
const CALLERS = Number(process.env.CALLERS_OF_EACH ?? 1);
/** How far a deployment has come when it happens, by the round. */
const MOMENTS = ['RollingOut', 'HealthGating', 'Provisioning', 'Completed'];

type Part = 'postgres' | 'temporal';

let platform: TestPlatform;
let operator: Operator;
let db: Database;
let compute: ComputeTarget;
let environments: string[];

beforeAll(async () => {
  // A server that is stopped in the middle may lose nothing that it has said is done.
  platform = await openTestPlatform({ durable: true });
  const { config } = platform;
  db = openDatabase({ url: config.databaseUrl });
  const { home, supervisorUrl, proxyUrl } = config;
  const secrets = localVault({ folder: join(home, 'vault'), keyFile: join(home, 'vault.key') });
  compute = processCompute({ supervisorUrl, proxyUrl, token: ensureSecretFile(config.adminTokenFile), secrets });
  operator = await openOperator(platform, TENANT, 6 * 3_600);
  environments = [];
  for (let number = 0; number < ENVIRONMENTS; number += 1) environments.push(await deployed(`loaded-${number}`));
});
afterAll(async () => {
  await db?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

async function deployed(name: string): Promise<string> {
  const environmentId = await operator.provision(name);
  const id = await operator.deploy({ environmentId, version: '1.4.1', components: bothAt('1.4.1', 2) });
  expect((await operator.ended(id)).status).toBe('Completed');
  return environmentId;
}

async function crash(part: Part): Promise<void> {
  const child = platform.platform.children[part];
  // SIGQUIT is Postgres's immediate shutdown: it ends as if the machine had, and recovers at its next start.
  child?.kill(part === 'postgres' ? 'SIGQUIT' : 'SIGKILL');
  await child?.exited;
}

const start = (part: Part) => platform.platform.restart(part);
const forget = () => rmSync(join(platform.home, 'temporal'), { recursive: true, force: true });

/** Waits until one of these deployments has come so far. */
async function someAt(phase: string, { promised }: Posting): Promise<void> {
  const look = async () => {
    const { rows } = await db.forTenant(TENANT, (tx) =>
      tx.execute<{ id: string }>(
        sql`select operation_id as id from events where type in ('deploy.phase', 'deploy.ended') and data ->> 'phase' = ${phase}`,
      ),
    );
    return rows.some(({ id }) => promised.has(id));
  };
  await until(look, { what: `a deployment to be ${phase}`, timeoutMs: 120_000, everyMs: 20 });
}

/** Everything that was promised has ended, and nothing else is there; what runs is what should. */
async function expectKept(promised: Set<string>, before: Set<string>): Promise<string> {
  const all = await allEnded(db);
  const these = all.filter(({ id }) => !before.has(id));
  expect(these.map(({ id }) => id).sort()).toEqual([...promised].sort());
  for (const environmentId of environments) await expectAgreement(db, compute, environmentId);
  await until(() => runningWorkloads(platform.home).length === 3 * environments.length, {
    what: 'exactly what should run to run',
  });
  const codes = these.filter(({ status }) => status !== 'Succeeded').map(({ code }) => code);
  return `${these.length} operations, ${these.length - codes.length} succeeded${codes.length > 0 ? `, ${codes.join(', ')}` : ''}`;
}

const known = async () => new Set((await endsOf(db)).map(({ id }) => id));

async function each(rounds: number, what: string, round: (number: number) => Promise<string>): Promise<void> {
  for (let number = 0; number < rounds; number += 1) {
    const began = Date.now();
    const said = await round(number);
    console.log(`${what}, ${number + 1} of ${rounds}: ${said}; ${Math.round((Date.now() - began) / 1000)} s`);
  }
}

const momentOf = (number: number) => MOMENTS[number % MOMENTS.length] ?? '';
const limit = (rounds: number) => ({ timeout: 300_000 + rounds * 120_000 });

describe('every operation that was promised ends, and none is there that was not, when', () => {
  const outages: [string, Part[]][] = [
    ['Postgres is stopped immediately', ['postgres']],
    ['Temporal is killed', ['temporal']],
    ['Postgres is stopped immediately and Temporal killed', ['postgres', 'temporal']],
  ];

  it.each(outages)(`%s under load (${OUTAGES} times)`, limit(OUTAGES), async (what, parts) => {
    await each(OUTAGES, what, async (number) => {
      const before = await known();
      const posting = startPosting(operator, environments, CALLERS);
      await someAt(momentOf(number), posting);
      await Promise.all(parts.map(crash));
      await posting.everyone();
      await Promise.all(parts.map(start));
      await posting.stop();
      return await expectKept(posting.promised, before);
    });
  });

  it(`Temporal is emptied under load (${LOSSES} times)`, limit(LOSSES), async () => {
    await each(LOSSES, 'Temporal is emptied', async (number) => {
      const before = await known();
      const posting = startPosting(operator, environments, CALLERS);
      await someAt(momentOf(number), posting);
      await crash('temporal');
      forget();
      await posting.everyone();
      await start('temporal');
      await posting.stop();
      return await expectKept(posting.promised, before);
    });
  });
});

describe('rows and reality agree again when', () => {
  /** Where nothing is open at the moment that the database goes back to. */
  let quiet: string;
  beforeAll(async () => {
    quiet = await deployed('quiet');
  });

  it(`Postgres is put back to an earlier moment under load (${LOSSES} times)`, limit(2 * LOSSES), async () => {
    await each(LOSSES, 'Postgres is put back', async (number) => {
      const doomed = await deployed(`doomed-${number}`);
      const { restore, posting, before } = await beforeTheLoss(number);
      const lost = await deployed(`lost-${number}`);
      await decommission(doomed);
      await posting.stop();
      await restore();
      const said = await expectAfterTheLoss(posting, before);
      await expectNothingRuns();
      // Of what was made, and of what was taken away, in the lost time: nothing is touched before somebody says so.
      for (const environmentId of [lost, doomed]) {
        const isTold = async () => (await operator.environment(environmentId)).status === 'DecommissionBlocked';
        await until(isTold, { what: `${environmentId} to be something to take away` });
        await decommission(environmentId);
        expect(await placesOf(platform, environmentId)).toEqual(NOTHING);
      }
      return said;
    });
  });

  it(`Postgres is put back and Temporal emptied (${LOSSES} times)`, limit(2 * LOSSES), async () => {
    await each(LOSSES, 'Postgres is put back and Temporal emptied', async (number) => {
      const { restore, posting, before } = await beforeTheLoss(number);
      await posting.stop();
      await crash('temporal');
      forget();
      await restore();
      await start('temporal');
      return await expectAfterTheLoss(posting, before);
    });
  });

  interface Loss {
    restore(): Promise<void>;
    posting: Posting;
    /** The operations of earlier rounds. */
    before: Set<string>;
  }

  /** A moment in the middle of the work; and then enough for something else to run than did. */
  async function beforeTheLoss(number: number): Promise<Loss> {
    const before = await known();
    const posting = startPosting(operator, environments, CALLERS);
    await someAt(momentOf(number), posting);
    const restore = await backUp(platform.config.databaseUrl);
    const other = number % 2 === 0 ? '1.4.2' : '1.4.1';
    const beside = await operator.deploy({ environmentId: quiet, version: other, components: bothAt(other, 1) });
    expect((await operator.ended(beside)).status).toBe('Completed');
    const since = new Set(posting.promised);
    const endedSince = async () => {
      const ended = (await endsOf(db)).filter(({ id, status }) => !since.has(id) && status === 'Succeeded');
      return ended.filter(({ id }) => posting.promised.has(id)).length >= 2 * environments.length;
    };
    await until(endedSince, { what: 'more to have happened', timeoutMs: 180_000, everyMs: 100 });
    return { restore, posting, before };
  }

  /**
   * What the database still knows of was promised and ends, and what runs is what it says, before anything is asked for
   * again; what is asked for then is kept as ever.
   */
  async function expectAfterTheLoss({ promised }: Posting, before: Set<string>): Promise<string> {
    const left = await allEnded(db);
    expect(left.filter(({ id }) => !before.has(id) && !promised.has(id))).toEqual([]);
    for (const environmentId of [quiet, ...environments]) await expectAgreement(db, compute, environmentId);
    const after = startPosting(operator, environments, CALLERS);
    await until(() => after.promised.size >= environments.length, { what: 'work to be accepted', timeoutMs: 120_000 });
    await after.stop();
    await allEnded(db);
    const ids = await known();
    expect([...after.promised].filter((id) => !ids.has(id))).toEqual([]);
    for (const environmentId of environments) await expectAgreement(db, compute, environmentId);
    const lost = [...promised].filter((id) => !ids.has(id)).length;
    return `${promised.size} operations before, ${lost} of them lost with the database, ${after.promised.size} after`;
  }

  /** No workflow goes on of which no row knows. */
  async function expectNothingRuns(): Promise<void> {
    const { client, connection } = openTemporal(platform.config.temporal);
    const query = "ExecutionStatus = 'Running' AND SlipwayKind != 'sweep'";
    await until(async () => (await client.workflow.count(query)).count === 0, { what: 'no workflow to run' });
    await connection.close();
  }

  async function decommission(environmentId: string): Promise<void> {
    const path = `/v1/runtime/environments/${environmentId}/decommission`;
    const { status, body } = await operator.rest.post<{ operationId: string }>(path);
    expect(status).toBe(202);
    const ended = async () => {
      const answer = await operator.rest.get<{ status: string }>(`/v1/runtime/operations/${body.operationId}`);
      return ['Succeeded', 'Failed'].includes(answer.body.status) && answer.body.status;
    };
    expect(await until(ended, { what: `${environmentId} to be gone`, timeoutMs: 120_000 })).toBe('Succeeded');
  }
});
