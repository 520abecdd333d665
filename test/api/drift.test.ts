import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordFindings } from '../../db/drift.ts';
import { endOperation } from '../../db/operations.ts';
import { takeNext } from '../../db/lane.ts';
import type { Difference } from '../../domain/drift.ts';
import type { EnvironmentKey, OperationId } from '../../domain/ids.ts';
import { openApiStand, type ApiStand, type CallOptions } from '../_support/api.ts';
import { readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
let key: EnvironmentKey;
let path: string;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
  path = `/v1/runtime/drift/${key.environmentId}`;
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const get = (query = '', options: CallOptions = {}) => stand.call('GET', `${path}${query}`, options);

/** Asks for a scan and ends it as a worker does that has found this. */
async function scanned(found: Difference[]): Promise<void> {
  const { status, body } = await stand.call('POST', `${path}/scan`);
  expect(status).toBe(202);
  await stand.db.forTenant(key.tenantId, async (tx) => {
    await takeNext(tx, key);
    await recordFindings(tx, key, body.operationId as OperationId, found);
    await endOperation(tx, key, body.operationId as OperationId, { phase: 'Completed' });
  });
}

const EXAMPLE: Difference = {
  kind: 'ImageVersionMismatch',
  subject: 'module-reservations-api',
  serviceId: 'module-reservations-api',
  desired: '1.4.2',
  actual: '1.4.1',
};
const RESOURCE: Difference = {
  kind: 'InfrastructureDrift',
  subject: 'urn:pulumi:a::b::c::d',
  serviceId: null,
  desired: 'as it was made',
  actual: 'a Folder would be changed: update',
};

describe('GET /v1/runtime/drift/{environmentId}', () => {
  it("answers the contract's example, field by field", async () => {
    expect((await get()).body).toEqual({ environmentId: key.environmentId, findings: [] });
    await scanned([EXAMPLE]);
    const { status, body } = await get();
    expect(status).toBe(200);
    expect(body).toEqual({
      environmentId: key.environmentId,
      findings: [
        {
          findingId: expect.stringMatching(/^drift-[0-9a-f]{32}$/),
          serviceId: 'module-reservations-api',
          kind: 'ImageVersionMismatch',
          desired: '1.4.2',
          actual: '1.4.1',
          severity: 'High',
          detectedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        },
      ],
    });
  });

  it('keeps a finding while it is seen, with the values seen last, and resolves it when it is not', async () => {
    const [before] = (await get()).body.findings as { findingId: string; detectedAt: string }[];
    await scanned([{ ...EXAMPLE, actual: '1.3.0' }, RESOURCE]);
    const now = (await get()).body.findings as Record<string, unknown>[];
    expect(now).toHaveLength(2);
    expect(now).toContainEqual({ ...before, actual: '1.3.0' });
    await scanned([RESOURCE]);
    expect(((await get()).body.findings as unknown[]).length).toBe(1);
    expect((await get('?status=Resolved')).body.findings).toEqual([
      { ...before, actual: '1.3.0', resolvedAt: expect.any(String) },
    ]);
  });

  it('filters, and pages without losing one', async () => {
    await scanned([EXAMPLE, RESOURCE]);
    const kinds = async (query: string) =>
      ((await get(query)).body.findings as { kind: string }[]).map(({ kind }) => kind);
    expect(await kinds('?serviceId=module-reservations-api')).toEqual(['ImageVersionMismatch']);
    expect(await kinds('?kind=InfrastructureDrift&severity=High')).toEqual(['InfrastructureDrift']);
    expect(await kinds('?severity=Critical')).toEqual([]);
    const first = await get('?limit=1');
    const second = await get(`?limit=1&cursor=${String(first.body.nextCursor)}`);
    expect([first, second].flatMap(({ body }) => body.findings as unknown[])).toEqual((await get()).body.findings);
    expect(second.body).not.toHaveProperty('nextCursor');
    expect((await get('?kind=Nonsense')).status).toBe(400);
  });

  it("answers 404 for another tenant's environment, as for one that is not there", async () => {
    const foreign = await get('', { token: { tenant: 'fabrikam' } });
    const missing = await stand.call('GET', '/v1/runtime/drift/env-00000000');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
  });
});

describe('POST /v1/runtime/drift/{environmentId}/scan', () => {
  it('answers 202 with the operation, and the same one while it has not begun', async () => {
    const first = await stand.call('POST', `${path}/scan`);
    const again = await stand.call('POST', `${path}/scan`);
    expect(first.status).toBe(202);
    expect(again.body.operationId).toBe(first.body.operationId);
    const operation = await stand.call('GET', first.headers.get('operation-location') ?? '');
    expect(operation.body).toMatchObject({ kind: 'driftScan', status: 'Accepted', phase: 'Requested' });
    await stand.db.forTenant(key.tenantId, (tx) => takeNext(tx, key));
    expect((await stand.call('POST', `${path}/scan`)).body.operationId).not.toBe(first.body.operationId);
    expect((await stand.call('GET', `/v1/runtime/environments/${key.environmentId}`)).body.status).toBe('Ready');
  });

  it('is read with the scope of drift, and asked for with its own', async () => {
    const only = (scope: string) => ({ token: { scopes: [scope] } });
    expect((await stand.call('POST', `${path}/scan`, only('runtime.drift.read'))).status).toBe(403);
    expect((await get('', only('runtime.drift.write'))).status).toBe(403);
    const { headers } = await stand.call('POST', `${path}/scan`, only('runtime.drift.write'));
    const operation = headers.get('operation-location') ?? '';
    expect((await stand.call('GET', operation, only('runtime.drift.read'))).status).toBe(200);
    expect((await stand.call('GET', operation, only('runtime.environments.read'))).status).toBe(403);
  });
});
