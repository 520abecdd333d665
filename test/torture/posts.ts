/**
 * Many callers at once: deployments, restarts and scans for a few environments, some asked for twice with the same key.
 * In each environment one works at a time, in the order of acceptance; each key's operation is one, and all of them end.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client as Postgres } from 'pg';
import type { Answer } from '../../local/demo/rest-client.ts';
import { release, serviceIdOf } from '../_support/journal.ts';
import { until } from '../_support/until.ts';
import { violationsOf, type HistoryEvent, type HistoryOperation } from './history.ts';
import { environmentBody, openWorld, operationOf, QUICK, type World } from './world.ts';

export interface PostsOptions {
  posts: number;
  rounds: number;
  environments: number;
  say(line: string): void;
}

export interface PostsReport {
  posts: number;
  operations: number;
  violations: string[];
}

/** A round's operations wait for each other: seconds each. */
const ROUND_MS = 900_000;
const TURNS = 10;

export async function runPosts({ posts, rounds, environments, say }: PostsOptions): Promise<PostsReport> {
  await using world = await openWorld({ env: { SLIPWAY_QUOTA_OPERATIONS: '100000' } });
  const ids = await Promise.all(
    Array.from({ length: environments }, (_, at) => environmentWithService(world, `posted-${at}`)),
  );
  const sql = new Postgres({ connectionString: world.platform.config.databaseUrl });
  await sql.connect();
  const report: PostsReport = { posts: 0, operations: 0, violations: [] };
  const answered = new Set<string>();
  try {
    for (let round = 0; round < rounds; round += 1) {
      const asked = Array.from({ length: posts }, (_, at) => askOf(world, ids, { round, at }));
      const answers = await Promise.all(asked.map(({ ask }) => ask()));
      report.posts += answers.length;
      expectOneEach(report, asked, answers);
      for (const answer of answers) answered.add(operationOf(answer));
      await allEnded(sql, ids, round);
      say(`round ${round + 1} of ${rounds}: ${answered.size} operations, ${report.violations.length} violations`);
    }
    for (const id of ids) {
      const { events, operations } = await historyOf(sql, id);
      report.operations += operations.length;
      report.violations.push(...violationsOf(events, operations).map((violation) => `${id} ${violation}`));
      report.violations.push(...(await wrongEnds(sql, id)));
    }
    // Beside those: each environment's provision and first deployment.
    const accepted = report.operations - 2 * ids.length;
    if (accepted !== answered.size)
      report.violations.push(`${accepted} are in the rows, ${answered.size} were answered`);
  } finally {
    await sql.end();
  }
  return report;
}

async function environmentWithService(world: World, name: string): Promise<string> {
  const { operationId, body } = await world.post('/v1/runtime/environments', environmentBody(name));
  await world.ended(operationId, 300_000);
  const { environmentId = '' } = body;
  const first = await world.post('/v1/runtime/deployments', deploymentOf(world, environmentId, 'a'));
  await world.ended(first.operationId, 300_000);
  return environmentId;
}

/** One of two releases: what is asked for again as it is, is there at once; the other one is rolled out. */
function deploymentOf({ platform: { home } }: World, environmentId: string, variant: 'a' | 'b') {
  const components = release({ home, environmentId, count: 1, round: variant === 'a' ? 1 : 2 });
  return { environmentId, releaseRef: `variant-${variant}`, components, rollout: QUICK };
}

interface Asked {
  key: string;
  isScan: boolean;
  ask(): Promise<Answer<Record<string, unknown>>>;
}

/** Of twenty posts: a scan, two restarts, three roll the other variant out; every tenth has the key of the one before. */
function askOf(world: World, ids: string[], { round, at }: { round: number; at: number }): Asked {
  const twin = at % 10 === 9 ? at - 1 : at;
  const environmentId = ids[twin % ids.length] ?? '';
  const kind = Math.floor(twin / ids.length) % 20;
  const key = `round-${round}-${twin}`;
  const isScan = kind === 0;
  const [path, body] = isScan
    ? [`/v1/runtime/drift/${environmentId}/scan`, {}]
    : kind <= 2
      ? [`/v1/runtime/services/${serviceIdOf(0)}/restart?environmentId=${environmentId}`, {}]
      : ['/v1/runtime/deployments', deploymentOf(world, environmentId, kind <= 5 ? 'b' : 'a')];
  const post = () => world.operator.rest.post<Record<string, unknown>>(path, body, { 'idempotency-key': key });
  return { key, isScan, ask: () => untilHeard(post) };
}

/** Who is told that the platform is busy asks again, with the same key. */
async function untilHeard<T>(post: () => Promise<Answer<T>>): Promise<Answer<T>> {
  for (let turn = 1; ; turn += 1) {
    const answer = await post();
    if (answer.status !== 503 || turn === TURNS) return answer;
    await delay(Number(answer.headers.get('retry-after') ?? 1) * 1_000);
  }
}

/** All were taken; who asked twice was told the same; who asked for something of their own got an operation of their own. */
function expectOneEach(report: PostsReport, asked: Asked[], answers: Answer[]): void {
  const byKey = new Map<string, string>();
  const owner = new Map<string, string>();
  answers.forEach((answer, at) => {
    const { key = '', isScan = false } = asked[at] ?? {};
    const operationId = operationOf(answer);
    if (answer.status !== 202)
      report.violations.push(`${key} was answered ${answer.status} ${JSON.stringify(answer.body)}`);
    if ((byKey.get(key) ?? operationId) !== operationId) report.violations.push(`${key} was told of two operations`);
    byKey.set(key, operationId);
    // A scan that has not begun yet is the answer to every other one.
    if (!isScan && (owner.get(operationId) ?? key) !== key) report.violations.push(`${operationId} is of two keys`);
    owner.set(operationId, key);
  });
}

async function allEnded(sql: Postgres, ids: string[], round: number): Promise<void> {
  const open = async () => {
    const { rows } = await sql.query<{ open: number }>(
      "select count(*)::int as open from operations where environment_id = any($1) and status in ('Accepted', 'Updating')",
      [ids],
    );
    return rows[0]?.open ?? 0;
  };
  await until(async () => (await open()) === 0, {
    what: `round ${round} to end`,
    ...{ timeoutMs: ROUND_MS, everyMs: 500 },
  });
}

async function historyOf(
  sql: Postgres,
  environmentId: string,
): Promise<{ events: HistoryEvent[]; operations: HistoryOperation[] }> {
  const events = await sql.query<HistoryEvent>(
    'select revision::int, type, operation_id as "operationId" from events where environment_id = $1 order by revision',
    [environmentId],
  );
  const operations = await sql.query<HistoryOperation>(
    'select id, seq::int from operations where environment_id = $1',
    [environmentId],
  );
  return { events: events.rows, operations: operations.rows };
}

async function wrongEnds(sql: Postgres, environmentId: string): Promise<string[]> {
  const { rows } = await sql.query<{ id: string; phase: string; failure: unknown }>(
    "select id, phase, failure from operations where environment_id = $1 and phase <> 'Completed'",
    [environmentId],
  );
  return rows.map(({ id, phase, failure }) => `${id} ended ${phase}: ${JSON.stringify(failure)}`);
}

export function resultOf({ posts, operations, violations }: PostsReport): string {
  return `parallel posts: ${posts} posts, ${operations} operations, ${violations.length} violations of order and exclusion`;
}
