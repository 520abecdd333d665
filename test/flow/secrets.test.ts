/** A secret's whole way: into the vault, bound, delivered, rotated and back, and its value nowhere at rest but there. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { dumpDatabase } from '../_support/dump-database.ts';
import { dumpHistory, executionsOf, readable } from '../_support/dump-histories.ts';
import { filesWith } from '../_support/find-text.ts';
import { API, bothAt, openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { until } from '../_support/until.ts';
import { runningWorkloads } from '../_support/workloads.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CANARIES = [1, 2].map((n) => `canary-${n}-${randomBytes(16).toString('hex')}`) as [string, string];

let platform: TestPlatform;
let operator: Operator;
let environmentId: string;

beforeAll(async () => {
  platform = await openTestPlatform();
  operator = await openOperator(platform);
  environmentId = await operator.provision('secrets');
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
});

/** As an operator of this machine does it; returns the version. */
async function put(value: string): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/secret.ts'), environmentId, 'api-key'], {
    env: { PATH: process.env.PATH, SLIPWAY_HOME: platform.home },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(`${value}\n`);
  return (JSON.parse(await text(child.stdout)) as { version: string }).version;
}

async function bind(): Promise<string> {
  const secrets = [{ name: 'API_KEY', secret: 'api-key' }];
  const { status, body } = await operator.rest.post<{ secrets: { version: string }[] }>('/v1/runtime/secret-bindings', {
    ...{ environmentId, serviceId: API, secrets },
  });
  expect(status).toBe(201);
  return body.secrets[0]?.version ?? '';
}

async function deploy(version: string) {
  return await operator.ended(await operator.deploy({ environmentId, version }));
}

/** What the workload has in its environment. */
async function seen(): Promise<string | undefined> {
  const answer = await fetch(await operator.endpoint(environmentId, API));
  const { configuration } = (await answer.json()) as { configuration: { env: Record<string, string> } };
  return configuration.env.API_KEY;
}

describe('a bound secret', () => {
  it('reaches its service with the next deployment, and no other service', async () => {
    expect((await deploy('1.4.1')).status).toBe('Completed');
    const version = await put(CANARIES[0]);
    expect(await bind()).toBe(version);
    expect(await seen()).toBeUndefined();
    const ended = await deploy('1.4.1');
    expect(ended.status).toBe('Completed');
    expect(ended.components.map(({ moduleId, action }) => [moduleId, action])).toEqual(
      expect.arrayContaining([
        [API, 'roll'],
        ['module-billing-worker', 'keep'],
      ]),
    );
    expect(await seen()).toBe(CANARIES[0]);
  });

  it('is there again after its workload was killed', async () => {
    const before = runningWorkloads(platform.home).find(({ serviceId }) => serviceId === API);
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await until(
      async () => {
        const now = runningWorkloads(platform.home).find(({ serviceId }) => serviceId === API);
        return now !== undefined && now.pid !== before?.pid && (await seen().catch(() => '')) === CANARIES[0];
      },
      { what: 'the workload to be back with its secret' },
    );
  });

  it('stays at its version when there is a later one, until another binding and deployment', async () => {
    const later = await put(CANARIES[1]);
    const same = await deploy('1.4.1');
    expect(same.components.map(({ action }) => action)).toEqual(['keep', 'keep']);
    expect(await seen()).toBe(CANARIES[0]);
    expect(await bind()).toBe(later);
    expect(await seen()).toBe(CANARIES[0]);
    expect((await deploy('1.4.1')).status).toBe('Completed');
    expect(await seen()).toBe(CANARIES[1]);
  });

  it('goes back to the version of the release that is gone back to', async () => {
    const last = (await operator.environment(environmentId)).inventory.deploymentId ?? '';
    const { body } = await operator.rest.post<{ deploymentId: string }>(`/v1/runtime/deployments/${last}/rollback`);
    expect((await operator.ended(body.deploymentId)).status).toBe('Completed');
    expect(await seen()).toBe(CANARIES[0]);
  });

  it('fails the deployment with its code when its version is gone from the vault, and keeps what runs', async () => {
    const version = await put('short-lived');
    expect(await bind()).toBe(version);
    await rm(join(platform.home, 'vault', environmentId, 'api-key', `${version}.json`));
    const id = await operator.deploy({ environmentId, version: '1.4.2', components: bothAt('1.4.2') });
    expect(await operator.ended(id)).toMatchObject({
      status: 'RolledBack',
      failure: { code: 'SecretNotFound', message: expect.stringMatching(`^${API} .*${version} of api-key`) },
    });
    expect(await seen()).toBe(CANARIES[0]);
  });

  it('is at rest in the vault alone: in no file, no row, no history', async () => {
    const { client, connection } = openTemporal(platform.config.temporal);
    const histories = await Promise.all(
      (await executionsOf(client)).map(async (each) => readable(await dumpHistory(client, each, (value) => value))),
    );
    await connection.close();
    const database = await dumpDatabase(platform.config.databaseUrl);
    expect(histories.length).toBeGreaterThan(5);
    for (const canary of CANARIES) {
      expect(filesWith(platform.home, canary)).toEqual([]);
      expect(database).not.toContain(canary);
      expect(histories.filter((history) => history.includes(canary))).toEqual([]);
    }
    // The look itself finds what is there: the reference of what was bound.
    expect(database).toContain('"name": "api-key"');
    expect(filesWith(platform.home, 'module-reservations-api')).not.toEqual([]);
  });
});
