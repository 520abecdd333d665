import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OpenApiDocument, Operation, Schema } from '../../api/openapi/types.ts';
import { breakingChanges } from '../_support/breaking-changes.ts';
import { document } from '../_support/contract.ts';

/** A copy of docs/openapi.json as it was when the last issue was finished. */
const baseline = JSON.parse(
  readFileSync(join(import.meta.dirname, 'baseline/openapi.json'), 'utf8'),
) as OpenApiDocument;

const POST = '/v1/runtime/environments';
const post = (copy: OpenApiDocument) => copy.paths[POST]?.post as Operation;
const shape = (copy: OpenApiDocument, name: string) =>
  copy.components.schemas[name] as { properties: Record<string, Schema>; required: string[] };

describe('the document', () => {
  it('breaks no client of the one before', () => {
    expect(breakingChanges(baseline, document)).toEqual([]);
  });
});

describe('the check for breaking changes', () => {
  it.each<[string, (copy: OpenApiDocument) => void, RegExp]>([
    ['an operation is gone', (copy) => delete copy.paths[POST], /POST .* is gone/],
    ['an answer is gone', (copy) => delete post(copy).responses['202'], /does not answer 202/],
    [
      'a field of an answer is gone',
      (copy) => delete shape(copy, 'ProvisionAnswer').properties.traceId,
      /202.traceId is gone/,
    ],
    [
      'a field of an answer is not always there',
      (copy) => shape(copy, 'ProvisionAnswer').required.pop(),
      /not always there/,
    ],
    [
      'a field of an answer is of another type',
      (copy) => (shape(copy, 'ProvisionAnswer').properties.traceId = { type: 'number' }),
      /202.traceId is of another type/,
    ],
    [
      'a field of a request is gone',
      (copy) => delete shape(copy, 'ProvisionBody').properties.projectId,
      /body.projectId is not taken/,
    ],
    [
      'a field of a request is demanded',
      (copy) => shape(copy, 'ProvisionBody').required.push('tenantId'),
      /body.tenantId is demanded/,
    ],
    [
      'a request takes fewer values',
      (copy) => (shape(copy, 'ProvisionBody').properties.stage as { enum: string[] }).enum.pop(),
      /body.stage takes fewer/,
    ],
    [
      'a request takes a smaller one',
      (copy) => (shape(copy, 'ProvisionBody').properties.tenantId as { maxLength: number }).maxLength--,
      /lower maxLength/,
    ],
    [
      'another scope is asked for',
      (copy) => (post(copy).security = [{ bearer: ['runtime.audit.read'] }]),
      /not opened by runtime.environments.write/,
    ],
  ])('sees that %s', (_name, change, message) => {
    const copy = structuredClone(baseline);
    change(copy);
    const seen = breakingChanges(baseline, copy);
    expect(seen.length).toBeGreaterThan(0);
    for (const one of seen) expect(one).toMatch(message);
  });

  it('takes what is only added', () => {
    const copy = structuredClone(baseline);
    copy.paths['/v1/runtime/things'] = { get: post(copy) };
    shape(copy, 'ProvisionAnswer').properties.colour = { type: 'string' };
    shape(copy, 'ProvisionBody').properties.colour = { type: 'string' };
    (shape(copy, 'ProvisionBody').properties.stage as { enum: string[] }).enum.push('lab');
    (shape(copy, 'EnvironmentAnswer').properties.status as { enum: string[] }).enum.push('Paused');
    expect(breakingChanges(baseline, copy)).toEqual([]);
  });
});
