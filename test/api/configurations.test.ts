import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf } from '../../domain/hash.ts';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { readyEnvironment } from '../_support/api-states.ts';

let stand: ApiStand;
let key: EnvironmentKey;
beforeAll(async () => {
  stand = await openApiStand();
  key = await readyEnvironment(stand);
});
afterAll(() => stand?.[Symbol.asyncDispose]());

const publish = (content: object) =>
  stand.call('POST', '/v1/runtime/configurations', { body: { environmentId: key.environmentId, ...content } });

describe('POST /v1/runtime/configurations', () => {
  it('answers 201 with version, hash and where it is; the content comes back as it went in', async () => {
    const content = { values: { LOG_LEVEL: 'info' }, files: { 'app/settings.json': '{"a": "\\u00e9"}' } };
    const { status, body, headers } = await publish({ tenantId: 'connectsoft', ...content });
    expect(status).toBe(201);
    expect(body).toEqual({
      configurationId: expect.stringMatching(/^cfg-[0-9a-f]{32}$/),
      environmentId: key.environmentId,
      version: 1,
      hash: hashOf(content),
      createdAt: expect.any(String),
      traceId: headers.get('x-trace-id'),
    });
    const read = await stand.call('GET', headers.get('location') ?? '');
    expect(read.status).toBe(200);
    expect(read.body).toEqual({ ...body, ...content });
  });

  it('counts versions up without a gap when many are published at once', async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, (_, n) => publish({ values: { N: String(n) } })));
    const versions = replies.map(({ body }) => body.version as number).sort((a, b) => a - b);
    expect(new Set(versions).size).toBe(10);
    expect((versions.at(-1) ?? 0) - (versions[0] ?? 0)).toBe(9);
  });

  it.each([
    ['a name that is no variable', { values: { 'log-level': 'x' } }, '/values/log-level'],
    ['the reserved PORT', { values: { PORT: '1' } }, '/values/PORT'],
    ['a reserved prefix', { values: { SLIPWAY_HOME: '/' } }, '/values/SLIPWAY_HOME'],
    ['a value that is no text', { values: { A: 1 } }, '/values/A'],
    ['a path upwards', { files: { '../etc/passwd': 'x' } }, '/files/..~1etc~1passwd'],
    ['an absolute path', { files: { '/etc/passwd': 'x' } }, '/files/~1etc~1passwd'],
    ['a path that is file and folder', { files: { a: 'x', 'a/b': 'x' } }, '/files'],
    ['more than 64 kB', { files: { a: 'x'.repeat(65 * 1024) } }, ''],
    [
      'more than 200 values',
      { values: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`V${n}`, ''])) },
      '/values',
    ],
  ])('answers 400 for %s, with its pointer', async (_name, content, pointer) => {
    const { status, body } = await publish(content);
    expect(status).toBe(400);
    expect(body.code).toBe('ValidationFailed');
    expect(body.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it("answers 404 for another tenant's environment, as for one that is not there", async () => {
    const body = { environmentId: key.environmentId };
    const foreign = await stand.call('POST', '/v1/runtime/configurations', { body, token: { tenant: 'fabrikam' } });
    const missing = await publish({ environmentId: 'env-00000000' });
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
  });
});

describe('GET /v1/runtime/configurations/{configurationId}', () => {
  it("answers 404 for another tenant's, as for one that is not there", async () => {
    const { body } = await publish({});
    const path = `/v1/runtime/configurations/${String(body.configurationId)}`;
    const foreign = await stand.call('GET', path, { token: { tenant: 'fabrikam' } });
    const missing = await stand.call('GET', '/v1/runtime/configurations/cfg-00000000');
    expect(foreign.status).toBe(404);
    expect({ ...foreign.body, traceId: '' }).toEqual({ ...missing.body, traceId: '' });
  });
});
