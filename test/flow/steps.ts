/** What a test does with a deployment on its way, and what it waits for: each one is a step, to be put in a row. */
import { isDeepStrictEqual } from 'node:util';
import type { Client } from '@temporalio/client';
import { Client as Sql } from 'pg';
import { expect } from 'vitest';
import { openTemporal } from '../../bin/temporal-connection.ts';
import type { ComponentView, DeploymentView } from '../../local/demo/views.ts';
import type { PartName } from '../../local/platform/parts.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { openTcpServer, type TcpServer } from '../_support/tcp-server.ts';

export interface Stage extends AsyncDisposable {
  platform: TestPlatform;
  operator: Operator;
  temporal: Client;
  /** One connection, as a superuser. */
  sql: Sql;
  environmentId: string;
  /** What a workload may depend on. */
  database: TcpServer;
}

/** With an environment in which nothing was deployed yet. */
export async function openStage(name: string): Promise<Stage> {
  const platform = await openTestPlatform();
  const operator = await openOperator(platform);
  const { client: temporal, connection } = openTemporal(platform.config.temporal);
  const sql = new Sql({ connectionString: platform.config.databaseUrl });
  await sql.connect();
  const stage: Stage = {
    ...{
      platform,
      operator,
      temporal,
      sql,
      environmentId: await operator.provision(name),
      database: await openTcpServer(),
    },
    async [Symbol.asyncDispose]() {
      await stage.database[Symbol.asyncDispose]();
      await sql.end();
      await connection.close();
      await platform[Symbol.asyncDispose]();
    },
  };
  return stage;
}

export type Step = (stage: Stage, deploymentId: string) => Promise<unknown>;

/** What is said of the way of the new one; what else there is belongs into its `rollout`. */
export interface Way extends Record<string, unknown> {
  /** The component that never gets healthy. */
  sick?: string;
  strategy?: string;
}

/** A way of a deployment to turn back. */
export interface Turn {
  phase: string;
  /** Where in it, and why it turns back there. */
  at: string;
  way?: Way;
  /** What has it stand there. */
  before?: Step[];
  /** Until it does; @default until it is in the phase */
  there?: Step[];
  /** Of the API's traffic, the percent that the new release has by then; @default 0 */
  share?: number;
  /** What turns it back; @default it does so by itself */
  turn?: Step[];
  ends: string;
  /** The replicas that are the very same processes afterwards; @default all of them */
  kept?: RegExp;
}

const reached =
  (what: string, condition: (now: DeploymentView) => boolean): Step =>
  async ({ operator }, id) =>
    await operator.reached(id, what, condition);

export const isIn = (phase: string) => reached(`come to ${phase}`, ({ status }) => status === phase);

/** Under all of the traffic, until its time is over or somebody promotes it. */
export const isWatched = reached('be watched', ({ status, step }) => status === 'HealthGating' && step !== null);

export const waitsFor = (command: string) =>
  reached(`to wait for ${command}`, ({ waitingOn }) => waitingOn?.reference === command);

/** @param is what each of these components is to be by then */
export const has = (is: Record<string, Partial<ComponentView>>) =>
  reached(`come to ${JSON.stringify(is)}`, ({ components }) =>
    Object.entries(is).every(([moduleId, by]) => {
      const component = components.find((one) => one.moduleId === moduleId);
      return isDeepStrictEqual({ ...component, ...by }, component);
    }),
  );

export const command =
  (name: string): Step =>
  async ({ operator }, id) =>
    expect([200, 202], name).toContain(await operator.command(id, name));

export const terminate: Step = async ({ operator, temporal }, id) => {
  const { operationId } = await operator.deployment(id);
  await temporal.workflow.getHandle(operationId).terminate('enough');
};

/** By one that comes to nothing itself. */
export const supersede: Step = async ({ operator, environmentId }) => {
  const id = await operator.deploy({ environmentId, version: '9.9.9', onConflict: 'supersede' });
  expect(await operator.ended(id)).toMatchObject({ status: 'Failed', failure: { code: 'ImageNotFound' } });
};

export const kill =
  (part: PartName): Step =>
  async ({ platform }) =>
    platform.platform.children[part]?.kill('SIGKILL');

export const restart =
  (part: PartName): Step =>
  async ({ platform }) =>
    await platform.platform.restart(part);

/** Nobody can write a snapshot down until `unlockSnapshots`. */
export const lockSnapshots: Step = ({ sql }) => sql.query('begin; lock table snapshots in share mode');
export const unlockSnapshots: Step = ({ sql }) => sql.query('commit');

export const loseDatabase: Step = async ({ database }) => await database[Symbol.asyncDispose]();

export const findDatabase: Step = async (stage) => (stage.database = await openTcpServer(stage.database.port));

export const inTurn = async (steps: readonly Step[], stage: Stage, deploymentId = ''): Promise<void> => {
  for (const step of steps) await step(stage, deploymentId);
};
