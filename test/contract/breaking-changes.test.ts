/** What would break a client of the last finished issue: oasdiff compares, by the levels in .oasdiff-levels.txt. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenApiDocument, Operation, Schema } from '../../api/openapi/types.ts';
import { OASDIFF } from '../../local/engines/engine.ts';
import { findEngine } from '../../local/engines/find-engine.ts';
import { ROOT } from '../_support/api.ts';

/** Copies of docs/ as they were when the last issue was finished. */
const BASELINE = join(ROOT, 'test/contract/baseline');
const PATH = '/v1/runtime/environments';

const baseline = JSON.parse(readFileSync(join(BASELINE, 'openapi.json'), 'utf8')) as OpenApiDocument;
const post = (copy: OpenApiDocument) => copy.paths[PATH]?.post as Operation;
const accepted = (copy: OpenApiDocument) => post(copy).responses['202'] as Operation['responses'][string];
const shape = (copy: OpenApiDocument, name: string) =>
  copy.components.schemas[name] as { properties: Record<string, Schema>; required: string[] };
const isKey = (one: object) => '$ref' in one && one.$ref === '#/components/parameters/IdempotencyKey';

let oasdiff: string;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oas-'));
  const toolsFolder = join(ROOT, 'tools');
  oasdiff = await findEngine(OASDIFF, { env: process.env, toolsFolder, onProgress: () => undefined });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The ids of oasdiff's checks that fail, and its exit code. */
async function compare(before: string, after: string): Promise<{ checks: string[]; exitCode: number | undefined }> {
  const ran = await execa(oasdiff, ['breaking', before, after, '--format', 'json'], { cwd: ROOT, reject: false });
  const found = ran.stdout === '' ? [] : (JSON.parse(ran.stdout) as { id: string }[]);
  return { checks: [...new Set(found.map(({ id }) => id))], exitCode: ran.exitCode };
}

async function compareChanged(change: (copy: OpenApiDocument) => void) {
  const copy = structuredClone(baseline);
  change(copy);
  const path = join(folder, 'changed.json');
  writeFileSync(path, JSON.stringify(copy));
  return await compare(join(BASELINE, 'openapi.json'), path);
}

describe('the contract', () => {
  it.each(['openapi.json', 'openapi-internal.json'])('breaks no client of the one before: %s', async (name) => {
    expect(await compare(join(BASELINE, name), join(ROOT, 'docs', name))).toEqual({ checks: [], exitCode: 0 });
  });
});

describe('the check for breaking changes', () => {
  it.each<[string, (copy: OpenApiDocument) => void, string]>([
    ['an operation is gone', (copy) => delete copy.paths[PATH]?.post, 'api-removed-without-deprecation'],
    ['an operation has another id', (copy) => (post(copy).operationId = 'make'), 'api-operation-id-removed'],
    ['an answer is gone', (copy) => delete post(copy).responses['202'], 'response-success-status-removed'],
    ['a refusal is gone', (copy) => delete post(copy).responses['409'], 'response-non-success-status-removed'],
    [
      'an answer is of another media type',
      (copy) => (accepted(copy).content = { 'text/plain': { schema: { type: 'string' } } }),
      'response-media-type-removed',
    ],
    ['a header is gone', (copy) => delete accepted(copy).headers.location, 'required-response-header-removed'],
    [
      'a header that is there at times is gone',
      (copy) => delete accepted(copy).headers['idempotency-replayed'],
      'optional-response-header-removed',
    ],
    [
      'a header is not always there',
      (copy) => Object.assign(copy.components.headers.Location ?? {}, { required: false }),
      'response-header-became-optional',
    ],
    [
      'a field of an answer is gone',
      (copy) => delete shape(copy, 'ProvisionAnswer').properties.traceId,
      'response-required-property-removed',
    ],
    [
      'a field of an answer that is there at times is gone',
      (copy) => delete shape(copy, 'Problem').properties.errors,
      'response-optional-property-removed',
    ],
    [
      'a field of an answer is not always there',
      (copy) => shape(copy, 'ProvisionAnswer').required.pop(),
      'response-property-became-optional',
    ],
    [
      'a field of an answer is of another type',
      (copy) => (shape(copy, 'ProvisionAnswer').properties.traceId = { type: 'number' }),
      'response-property-type-changed',
    ],
    [
      'a field of a request is gone',
      (copy) => delete shape(copy, 'ProvisionBody').properties.projectId,
      'request-property-removed',
    ],
    [
      'a field of a request is demanded',
      (copy) => shape(copy, 'ProvisionBody').required.push('tenantId'),
      'request-property-became-required',
    ],
    [
      'a request takes fewer values',
      (copy) => (shape(copy, 'ProvisionBody').properties.stage as { enum: string[] }).enum.pop(),
      'request-property-enum-value-removed',
    ],
    [
      'a request takes a smaller one',
      (copy) => (shape(copy, 'ProvisionBody').properties.tenantId as { maxLength: number }).maxLength--,
      'request-property-max-length-decreased',
    ],
    [
      'the idempotency key is not taken any more',
      (copy) => (post(copy).parameters = post(copy).parameters.filter((one) => !isKey(one))),
      'request-parameter-removed',
    ],
    [
      'the idempotency key is demanded',
      (copy) => Object.assign(copy.components.parameters.IdempotencyKey ?? {}, { required: true }),
      'request-parameter-became-required',
    ],
    [
      'the idempotency key has to be shorter',
      (copy) => Object.assign(copy.components.parameters.IdempotencyKey?.schema ?? {}, { maxLength: 36 }),
      'request-parameter-max-length-decreased',
    ],
    [
      'another scope is asked for',
      (copy) => (post(copy).security = [{ bearer: ['runtime.audit.read'] }]),
      'api-security-scope-added',
    ],
    [
      'a token is asked for',
      (copy) => ((copy.paths['/healthz']?.get as Operation).security = [{ bearer: [] }]),
      'api-security-anonymous-access-removed',
    ],
  ])('sees that %s', async (_name, change, check) => {
    expect(await compareChanged(change)).toEqual({ checks: [check], exitCode: 1 });
  });

  it('takes what is only added', async () => {
    const compared = await compareChanged((copy) => {
      copy.paths['/v1/runtime/things'] = { get: { ...post(copy), operationId: 'listThings' } };
      shape(copy, 'ProvisionAnswer').properties.colour = { type: 'string' };
      shape(copy, 'ProvisionBody').properties.colour = { type: 'string' };
      (shape(copy, 'ProvisionBody').properties.stage as { enum: string[] }).enum.push('lab');
      (shape(copy, 'EnvironmentAnswer').properties.status as { enum: string[] }).enum.push('Paused');
    });
    expect(compared).toEqual({ checks: [], exitCode: 0 });
  });
});
