import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { OPA } from '../../local/engines/engine.ts';
import { findEngine } from '../../local/engines/find-engine.ts';
import { startProcess } from '../../local/engines/process.ts';
import { openOpaGovernance } from '../../providers/governance/opa.ts';
import type { Governance } from '../../providers/governance/port.ts';
import { freePort } from '../_support/free-port.ts';
import { describeGovernance } from './governance.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The real server, with these policy files or none. */
async function startOpa(...policies: string[]): Promise<{ governance: Governance; close(): Promise<void> }> {
  const home = mkdtempSync(join(tmpdir(), 'slw-'));
  const command = await findEngine(OPA, {
    env: process.env,
    toolsFolder: join(ROOT, 'tools'),
    onProgress: () => undefined,
  });
  const url = `http://127.0.0.1:${await freePort()}`;
  const server = await startProcess({
    name: 'opa',
    home,
    command,
    args: ['run', '--server', '--disable-telemetry', '--addr', new URL(url).host, ...policies],
    env: {},
    ready: async () => (await fetch(`${url}/health`)).ok,
  });
  return {
    governance: openOpaGovernance({ url }),
    async close() {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

describeGovernance('Open Policy Agent, with the sample', () => startOpa(join(ROOT, 'policies/samples/slipway.rego')));

describe('Open Policy Agent without a policy', () => {
  let bare: Awaited<ReturnType<typeof startOpa>>;
  beforeAll(async () => (bare = await startOpa()));
  afterAll(async () => await bare?.close());

  it('is no decision', async () => {
    const asked = bare.governance.decide({
      ...{ tenantId: 'connectsoft', subject: 's', clientId: 'c', action: 'deployments.create', stage: 'prod' },
      ...{ environment: { tenantId: 'connectsoft' }, planHash: 'sha256:plan', facts: { at: '2026-06-10T00:00:00Z' } },
    });
    await expect(asked).rejects.toMatchObject({ code: 'GovernanceUnavailable' });
  });
});
