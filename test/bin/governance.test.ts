import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../bin/config-error.ts';
import { openGovernance } from '../../bin/governance.ts';
import type { GovernanceQuestion } from '../../providers/governance/port.ts';
import { openHttpServer } from '../_support/http-server.ts';
import { samplePolicies } from '../_support/sample-policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'slg-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const QUESTION: GovernanceQuestion = {
  ...{ tenantId: 'connectsoft', subject: 's', clientId: 'c', action: 'deployments.create', stage: 'prod' },
  ...{ environment: { tenantId: 'connectsoft' }, planHash: 'sha256:p', facts: { at: '2026-06-10T00:00:00Z' } },
};

describe('openGovernance', () => {
  it('decides by the shipped Cedar policies unless told otherwise', async () => {
    expect(await openGovernance({}).decide(QUESTION)).toMatchObject({ decision: 'allow', reasons: ['owning-tenant'] });
  });

  it('takes Cedar policies of another folder', async () => {
    using policies = samplePolicies();
    const governance = openGovernance({ SLIPWAY_POLICIES: policies.folder });
    expect((await governance.decide(QUESTION)).decision).toBe('requireApproval');
  });

  it.each([
    ['http', 'GOVERNANCE_URL', '/policies/evaluate'],
    ['opa', 'OPA_URL', '/v1/data/slipway/decision'],
  ])('asks %s at %s, with the token of a file', async (kind, variable, path) => {
    const decision = { decision: 'deny', reasons: ['no'], obligations: [], planHash: QUESTION.planHash };
    const seen: unknown[] = [];
    await using server = await openHttpServer((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      response.end(JSON.stringify({ ...decision, result: decision }));
    });
    const governance = openGovernance({
      SLIPWAY_GOVERNANCE: kind,
      [variable]: server.url,
      GOVERNANCE_TOKEN_FILE: file('token', 'abc.def\n'),
    });
    expect(await governance.decide(QUESTION)).toEqual(decision);
    expect(seen).toEqual([['POST', path, 'Bearer abc.def']]);
  });

  it.each([
    [{ SLIPWAY_GOVERNANCE: 'none' }, /^SLIPWAY_GOVERNANCE must be cedar, http or opa, not "none"\.$/],
    [{ SLIPWAY_GOVERNANCE: 'http' }, /^GOVERNANCE_URL must be/],
    [{ SLIPWAY_GOVERNANCE: 'http', GOVERNANCE_URL: 'ftp://x' }, /^GOVERNANCE_URL must be/],
    [{ SLIPWAY_GOVERNANCE: 'http', GOVERNANCE_URL: 'https://a:b@x' }, /^GOVERNANCE_URL must be/],
    [{ SLIPWAY_GOVERNANCE: 'opa', OPA_URL: 'localhost:8181' }, /^OPA_URL must be/],
    [{ GOVERNANCE_URL: 'https://x' }, /^GOVERNANCE_URL is set, so SLIPWAY_GOVERNANCE must be http\.$/],
    [{ SLIPWAY_GOVERNANCE: 'opa', OPA_URL: 'http://x', GOVERNANCE_TOKEN_FILE: '/nowhere' }, /cannot be read\.$/],
    [
      { SLIPWAY_GOVERNANCE: 'opa', OPA_URL: 'http://x', GOVERNANCE_TOKEN_FILE: file('empty', '\n') },
      /holds no token\.$/,
    ],
  ])('says in one sentence what cannot be used: %j', (env, sentence) => {
    expect(() => openGovernance(env)).toThrow(ConfigError);
    expect(() => openGovernance(env)).toThrow(sentence);
  });
});
