import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnvironmentView } from '../../local/demo/views.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';

let platform: TestPlatform;
let operator: Operator;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

/** The engine of this home's Pulumi that works on a stack now: its command line is `pulumi up …`. */
function runningEngine(): number | null {
  const engine = join(platform.config.pulumi.root, 'bin', 'pulumi');
  const home = platform.home;
  const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && isEngine(Number(name), engine, home));
  return found === undefined ? null : Number(found);
}

function isEngine(pid: number, engine: string, home: string): boolean {
  try {
    const [command, verb] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return (
      command === engine &&
      verb === 'up' &&
      readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SLIPWAY_HOME=${home}`)
    );
  } catch {
    // It ended while it was looked at.
    return false;
  }
}

async function accept(name: string): Promise<string> {
  const { status, body } = await operator.rest.post<EnvironmentView>('/v1/runtime/environments', {
    projectId: 'proj-booking-saas',
    name,
    stage: 'prod',
    region: 'westeurope',
    isolationModel: 'silo',
    computeTargets: ['aks'],
  });
  expect(status).toBe(202);
  return body.environmentId;
}

async function databasesNamed(environmentId: string): Promise<number> {
  const client = new Client({ connectionString: platform.config.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query('select datname from pg_database where datname like $1', [
      `%${environmentId.replaceAll('-', '_')}%`,
    ]);
    return rows.length;
  } finally {
    await client.end();
  }
}

/** Folder, ports, vault namespace and database: each once. */
async function expectOneOfEach(environmentId: string): Promise<void> {
  const holding = (folder: string) =>
    readdirSync(join(platform.home, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .filter((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8').includes(environmentId)).length;
  expect(readdirSync(join(platform.home, 'environments')).filter((name) => name === environmentId)).toHaveLength(1);
  expect(holding('ports')).toBe(1);
  expect(readdirSync(join(platform.home, 'vault')).filter((name) => name === environmentId)).toHaveLength(1);
  expect(await databasesNamed(environmentId)).toBe(1);
}

describe('provisioning', () => {
  it('comes to the same single environment when the Pulumi engine is killed in the middle', async () => {
    const environmentId = await accept('engine-killed');
    const pid = await until(() => runningEngine(), { what: 'the engine to run', everyMs: 5 });
    process.kill(pid, 'SIGKILL');
    await until(async () => (await operator.environment(environmentId)).status === 'Ready', {
      what: 'the environment',
    });
    await expectOneOfEach(environmentId);
  });

  it('comes to the same single environment when the worker is killed with the engine under way', async () => {
    const environmentId = await accept('worker-killed');
    await until(() => runningEngine(), { what: 'the engine to run', everyMs: 5 });
    platform.platform.children.worker?.kill('SIGKILL');
    await platform.platform.restart('worker');
    await until(async () => (await operator.environment(environmentId)).status === 'Ready', {
      what: 'the environment',
    });
    await expectOneOfEach(environmentId);
  });

  it('is refused for a name that is taken, and the environment that has it is named', async () => {
    const environmentId = await operator.provision('taken');
    const { status, body } = await operator.rest.post<{ code: string; environmentId: string }>(
      '/v1/runtime/environments',
      {
        projectId: 'proj-booking-saas',
        name: 'taken',
        stage: 'prod',
        region: 'westeurope',
        isolationModel: 'silo',
        computeTargets: ['aks'],
      },
    );
    expect({ status, code: body.code, environmentId: body.environmentId }).toEqual({
      status: 409,
      code: 'EnvironmentExists',
      environmentId,
    });
  });
});
