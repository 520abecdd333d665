import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { componentsOf } from '../../db/components.ts';
import { findConfiguration } from '../../db/configurations.ts';
import type { Tx } from '../../db/client.ts';
import { deploymentsOf } from '../../db/deployments.ts';
import { bindingState, findEnvironment, findEnvironmentByName } from '../../db/environments.ts';
import { eventsOfOperation } from '../../db/events.ts';
import { pageOfDeployments } from '../../db/lists.ts';
import { findOperation, latestOperation } from '../../db/operations.ts';
import { findByIdempotencyKey } from '../../db/requests.ts';
import { servicesOf } from '../../db/services.ts';
import { readSnapshot } from '../../db/snapshots.ts';
import { hashOf } from '../../domain/hash.ts';
import type { ConfigurationId, EnvironmentKey } from '../../domain/ids.ts';
import type { EnvironmentView } from '../../local/demo/views.ts';
import { readState, recordedStates, type RecordedMigration } from '../fixtures/states.ts';
import { bothAt } from '../_support/operator.ts';
import { openUpgraded, type Upgraded } from './upgraded.ts';

describe.each(recordedStates())('the state %s, brought to the present', (state) => {
  let upgraded: Upgraded;
  let key: EnvironmentKey;
  let environment: EnvironmentView;

  beforeAll(async () => {
    upgraded = await openUpgraded(state);
    const { tenantId, reads } = upgraded.answers;
    environment = reads.find(({ path }) => path.includes('/environments/'))?.body as unknown as EnvironmentView;
    key = { tenantId, environmentId: environment.environmentId as EnvironmentKey['environmentId'] };
  });
  afterAll(async () => {
    await upgraded?.[Symbol.asyncDispose]();
  });

  const look = async <T>(work: (tx: Tx) => Promise<T>) => await upgraded.db.forTenant(key.tenantId, work);

  it('was made by migrations that nobody has changed since', () => {
    expect(upgraded.migrations).toEqual(JSON.parse(readState(state, 'migrations.json')) as RecordedMigration[]);
  });

  it('was loaded exactly: a dump of it is the dump it came from', () => {
    const rowsOf = (dump: string) => dump.slice(dump.indexOf('\ninsert into'), dump.indexOf('\ncommit;'));
    expect(rowsOf(upgraded.dump)).toBe(rowsOf(readState(state, 'database.sql')));
  });

  it('has lost no row since', async () => {
    const inserts = readState(state, 'database.sql').matchAll(/^insert into "(\w+)" [^\n]* values\n((?:\(.*\n?)+)/gm);
    const counts = [...inserts].map(([, table = '', rows = '']) => [table, rows.trimEnd().split('\n').length] as const);
    expect(counts.length).toBeGreaterThan(5);
    for (const [table, count] of counts) {
      const { rows } = await upgraded.superuser.query<{ count: number }>(`select count(*)::int from ${table}`);
      expect({ table, rows: Number(rows[0]?.count) >= count }).toEqual({ table, rows: true });
    }
  });

  it('gives the environment, its binding and its inventory to its tenant, and to nobody else', async () => {
    const found = await look((tx) => findEnvironment(tx, key));
    expect(found?.status).toBe('Ready');
    // It stands beside another Temporal than the recorded one, which reconcile notices sooner or later (ADR 0051).
    expect([null, 'Temporal has lost what it knew']).toContain(found?.convergeReason);
    expect(await look((tx) => findEnvironmentByName(tx, key.tenantId, 'booking-prod-weu'))).toMatchObject({
      id: key.environmentId,
      stage: 'prod',
      outputs: { vaultNamespace: key.environmentId },
    });
    expect(await look((tx) => bindingState(tx, key))).toBe('bound');
    const inventory = await look((tx) => servicesOf(tx, key));
    expect(JSON.parse(JSON.stringify(inventory))).toMatchObject(environment.inventory.services);
    expect(await upgraded.db.forTenant('fabrikam', (tx) => findEnvironment(tx, key))).toBeNull();
  });

  it('gives every deployment with its operation, its components and its history', async () => {
    const deployments = await look((tx) => deploymentsOf(tx, key));
    expect(deployments.length).toBeGreaterThanOrEqual(6);
    for (const { id, operationId, preparedAt } of deployments) {
      const operation = await look((tx) => findOperation(tx, key.tenantId, operationId));
      expect(operation?.endedAt).toBeInstanceOf(Date);
      const components = await look((tx) => componentsOf(tx, key.tenantId, id));
      expect(components.map(({ serviceId }) => serviceId)).toHaveLength(preparedAt ? 2 : 0);
      const history = await look((tx) => eventsOfOperation(tx, key.tenantId, operationId));
      expect(history[0]).toMatchObject({ type: 'deploy.accepted', data: { phase: 'Requested' } });
      expect(history.find(({ type }) => type === 'deploy.ended')?.data).toMatchObject({ phase: operation?.phase });
    }
    expect(await look((tx) => latestOperation(tx, key, 'provision'))).toMatchObject({ phase: 'Completed' });
  });

  it('knows which services each deployment is about', async () => {
    const page = { limit: 200, after: null };
    const deployments = await look((tx) => deploymentsOf(tx, key));
    const serviceIds = new Set(deployments.flatMap(({ components }) => components.map(({ moduleId }) => moduleId)));
    expect(serviceIds.size).toBe(2);
    for (const serviceId of serviceIds) {
      const { rows } = await look((tx) => pageOfDeployments(tx, key.tenantId, { serviceId }, page));
      const found = new Set(rows.map(({ deployment }) => deployment.id));
      for (const { id, components } of deployments) {
        const steps = await look((tx) => componentsOf(tx, key.tenantId, id));
        const isNamed = components.some(({ moduleId }) => moduleId === serviceId);
        const isStep = steps.some((step) => step.serviceId === serviceId && step.action !== 'keep');
        expect({ id, serviceId, found: found.has(id) }).toEqual({ id, serviceId, found: isNamed || isStep });
      }
    }
  });

  it('gives the live snapshot and the configuration with the content that their hashes are of', async () => {
    const row = await look((tx) => findEnvironment(tx, key));
    const snapshot = await look((tx) => readSnapshot(tx, key.tenantId, row?.liveSnapshotId ?? null));
    expect(Object.keys(snapshot.services)).toEqual(environment.inventory.services.map(({ serviceId }) => serviceId));
    const { rows } = await upgraded.superuser.query('select content, hash from snapshots where id = $1', [
      row?.liveSnapshotId,
    ]);
    expect(rows).toMatchObject([{ hash: hashOf(snapshot) }]);
    const id = environment.inventory.configurationId as ConfigurationId;
    const configuration = await look((tx) => findConfiguration(tx, key.tenantId, id));
    const { values, files, hash } = configuration ?? {};
    expect(hash).toBe(hashOf({ values, files }));
  });

  it('answers every GET as it did then', async () => {
    for (const { path, body } of upgraded.answers.reads) {
      const answer = await upgraded.rest.get(path);
      expect({ path, status: answer.status }).toEqual({ path, status: 200 });
      expect(answer.body).toMatchObject(body);
    }
  });

  it('answers a repeated request from its receipt, and does nothing a second time', async () => {
    const before = await look((tx) => deploymentsOf(tx, key));
    for (const { path, idempotencyKey, status, body } of upgraded.answers.receipts) {
      const again = await upgraded.rest.post(path, {}, { 'idempotency-key': idempotencyKey });
      expect({ status: again.status, body: again.body }).toEqual({ status, body });
      const route = '/runtime/deployments/{deploymentId}/rollback';
      const slot = {
        tenantId: key.tenantId,
        clientId: 'slipway-operator',
        subject: 'slipway-operator',
        method: 'POST',
        route,
        key: idempotencyKey,
      };
      const receipt = await look((tx) => findByIdempotencyKey(tx, slot));
      expect(receipt).toMatchObject({ decision: 'allowed', answerStatus: status, answerBody: body });
    }
    expect(await look((tx) => deploymentsOf(tx, key))).toHaveLength(before.length);
  });

  it('accepts the next deployment, behind those that were', async () => {
    const ofAnyKind = 'select max(seq)::int as last from operations where environment_id = $1';
    const { rows } = await upgraded.superuser.query<{ last: number }>(ofAnyKind, [key.environmentId]);
    const { status, body } = await upgraded.rest.post<{ status: string }>('/v1/runtime/deployments', {
      environmentId: key.environmentId,
      releaseRef: 'release-after-the-upgrade',
      components: bothAt('1.4.2'),
    });
    expect({ status, deployment: body.status }).toEqual({ status: 202, deployment: 'Requested' });
    const next = await look((tx) => latestOperation(tx, key, 'deploy'));
    expect(next?.seq).toBe((rows[0]?.last ?? 0) + 1);
  });
});
