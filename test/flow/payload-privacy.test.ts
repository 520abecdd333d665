import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDataConverter } from '../../bin/data-converter.ts';
import { openTemporal } from '../../bin/temporal-connection.ts';
import { workflowBundle } from '../../bin/workflow-bundle.ts';
import type { DeploymentView } from '../../local/demo/views.ts';
import { obtainToken } from '../../local/issuer/obtain-token.ts';
import { ROOT } from '../_support/api.ts';
import { openAuthority } from '../_support/certificates.ts';
import { executionsOf, readable } from '../_support/dump-histories.ts';
import { filesWith } from '../_support/find-text.ts';
import { callHttps } from '../_support/https.ts';
import { openOperator, type Operator } from '../_support/operator.ts';
import { newPayloadKey, writePayloadKeys, type KeysFile } from '../_support/payload-keys.ts';
import { openTestPlatform, type TestPlatform } from '../_support/platform.ts';
import { installQuietRuntime } from '../_support/quiet-runtime.ts';
import { rawFailures, rawPayloads } from '../_support/raw-payloads.ts';
import { until } from '../_support/until.ts';

const NAME = 'unannounced-product-weu';
const [one, two] = [newPayloadKey(), newPayloadKey()];
const folder = mkdtempSync(join(tmpdir(), 'slp-'));
const keysFile = writePayloadKeys(join(folder, 'keys.json'), { current: 'one', keys: { one } });

let platform: TestPlatform;
let operator: Operator;
/** As an operator of Temporal has it, who has no keys. */
let raw: ReturnType<typeof openTemporal>;
let environmentId: string;
let completed: DeploymentView;
let refused: DeploymentView;
let token: string;

beforeAll(async () => {
  platform = await openTestPlatform({ env: { SLIPWAY_PAYLOAD_KEYS_FILE: keysFile } });
  operator = await openOperator(platform);
  raw = openTemporal(platform.config.temporal);
  environmentId = await operator.provision(NAME);
  completed = await operator.ended(await operator.deploy({ environmentId, version: '1.4.1' }));
  const rollout = { healthyDeadlineSeconds: 3 };
  refused = await operator.ended(await operator.deploy({ environmentId, version: '1.5.0', rollout }));
  token = await payloadToken();
});
afterAll(async () => {
  await raw?.connection.close();
  await platform?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function payloadToken(request: { audience?: string; scopes?: string[] } = {}): Promise<string> {
  const { oidc } = platform.config;
  const { audience = oidc.internalAudience, scopes = ['runtime.payloads.read'] } = request;
  return await obtainToken({ home: platform.home, issuer: oidc.issuer, audience, scopes });
}

const codecUrl = () => platform.config.payloads?.codecUrl ?? '';
const historyOf = (workflowId: string) => raw.client.workflow.getHandle(workflowId).fetchHistory();

/** What the core writes about itself: which step a marker is of, and which patches there are. */
const OF_THE_CORE = /markerRecordedEventAttributes\.details\.(data|patch-data)\.payloads\.0$/;

describe('with a file of payload keys', () => {
  it('no history of any workflow holds a payload that can be read, or a message of a failure', async () => {
    const types = ['deploy', 'lane', 'provision', 'sweep'];
    // They are listed a moment after they have begun, and the sweep begins with a pass of reconcile.
    const executions = await until(
      async () => {
        const listed = await executionsOf(raw.client);
        return types.every((wanted) => listed.some(({ type }) => type === wanted)) && listed;
      },
      { what: 'a workflow of each type' },
    );
    let failures = 0;
    for (const { workflowId, runId, type } of executions) {
      const history = await raw.client.workflow.getHandle(workflowId, runId).fetchHistory();
      const payloads = rawPayloads(history).filter(({ at }) => !OF_THE_CORE.test(at));
      expect(payloads.length, workflowId).toBeGreaterThan(0);
      for (const { at, encoding, keyId } of payloads)
        expect({ encoding, keyId }, `${type} ${at}`).toEqual({ encoding: 'binary/encrypted', keyId: 'one' });
      for (const { at, source, message, stackTrace } of rawFailures(history)) {
        if (source === '') continue;
        failures += 1;
        expect({ message, stackTrace }, `${type} ${at}`).toEqual({ message: 'Encoded failure', stackTrace: '' });
      }
    }
    expect(failures).toBeGreaterThan(0);
  });

  it('nothing of it is at rest in Temporal, whose files hold ids, types and codes', async () => {
    const files = join(platform.home, 'temporal');
    for (const known of [environmentId, refused.operationId, 'HealthGateUnhealthy'])
      expect(filesWith(files, known), known).not.toEqual([]);
    const reason = refused.failure?.message ?? 'a reason';
    for (const told of [NAME, 'release-1.4.1', 'reservations-api', 'module-billing-worker', reason])
      expect(filesWith(files, told), told).toEqual([]);
  });

  it('a client with the keys reads summaries and reasons, and one without them reads neither', async () => {
    const dataConverter = await readDataConverter({ SLIPWAY_PAYLOAD_KEYS_FILE: keysFile });
    const reader = openTemporal(platform.config.temporal, dataConverter);
    const summary = async ({ client }: typeof raw) =>
      await (await client.workflow.getHandle(completed.operationId).describe()).staticSummary();
    expect(await summary(reader)).toBe(`deploy release-1.4.1 to ${NAME}`);
    await expect(summary(raw)).rejects.toThrow('binary/encrypted');
    await expect(reader.client.workflow.getHandle(refused.operationId).result()).rejects.toMatchObject({
      cause: {
        type: 'HealthGateUnhealthy',
        message: expect.stringContaining(refused.failure?.message ?? '?') as string,
      },
    });
    await reader.connection.close();
  });
});

describe('the codec server of the platform', () => {
  const decode = async (headers: Record<string, string>) =>
    await fetch(`${codecUrl()}/decode`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-namespace': 'slipway', ...headers },
      body: JSON.stringify({ payloads: rawPayloads(await historyOf(refused.operationId)).map(({ wire }) => wire) }),
    });

  it('is where the Temporal UI has payloads decoded', async () => {
    const reply = await fetch(`http://127.0.0.1:${platform.config.ports.temporalUi}/api/v1/settings`);
    expect(await reply.json()).toMatchObject({ Codec: { Endpoint: codecUrl() } });
  });

  it('decodes for the UI what stands in a history: the summary, and why it failed', async () => {
    const reply = await decode({ authorization: `Bearer ${token}`, origin: platform.config.payloads?.uiOrigin ?? '' });
    expect(reply.status).toBe(200);
    const { payloads } = (await reply.json()) as { payloads: { data: string }[] };
    const texts = payloads.map(({ data }) => Buffer.from(data, 'base64').toString()).join('\n');
    expect(texts).toContain(`deploy release-1.5.0 to ${NAME}`);
    expect(texts).toContain(refused.failure?.message ?? 'a reason');
  });

  it("refuses callers without a token, a tenant's token, a token without the scope, and pages from elsewhere", async () => {
    const tenants = await payloadToken({ audience: platform.config.oidc.audience });
    const unscoped = await payloadToken({ scopes: ['runtime.audit.read'] });
    const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
    expect((await decode({})).status).toBe(401);
    expect((await decode(bearer(tenants))).status).toBe(401);
    expect((await decode(bearer(unscoped))).status).toBe(403);
    expect((await decode({ ...bearer(token), origin: 'http://127.0.0.1:3000' })).status).toBe(403);
  });
});

describe("Temporal's CLI", () => {
  const { SLIPWAY_TEMPORAL_BIN = 'temporal', HOME = '' } = process.env;
  const cli = async (...args: string[]) => {
    const { address, namespace } = platform.config.temporal;
    const at = ['--address', address, '--namespace', namespace, '--output', 'json'];
    const ran = promisify(execFile)(SLIPWAY_TEMPORAL_BIN, ['workflow', ...args, ...at], { env: { HOME } });
    return readable((await ran).stdout);
  };
  const codec = () => ['--codec-endpoint', codecUrl(), '--codec-auth', `Bearer ${token}`];

  it('shows a history in clear through the codec server, and nothing without a token', async () => {
    const show = ['show', '--workflow-id', refused.operationId];
    const reason = refused.failure?.message ?? 'a reason';
    expect(await cli(...show)).not.toContain(reason);
    expect(await cli(...show, ...codec())).toContain(reason);
    // It asks again until its own time is up, so it does not say why; the log of the codec server does.
    await expect(cli(...show, '--codec-endpoint', codecUrl())).rejects.toMatchObject({ stdout: '' });
    const log = readFileSync(join(platform.home, 'log', 'codec-server.log'), 'utf8');
    expect(log).toContain('"reason":"This call needs a bearer token."');
  });

  it('sends what only the keys can read', async () => {
    const start = ['start', '--type', 'by-hand', '--task-queue', 'nobody', '--workflow-id', 'by-hand'];
    await cli(...start, '--input', '"a word of an operator"', ...codec());
    const [input] = rawPayloads(await historyOf('by-hand'));
    expect(input).toMatchObject({ encoding: 'binary/encrypted', keyId: 'one' });
    expect(await cli('show', '--workflow-id', 'by-hand', ...codec())).toContain('a word of an operator');
  });
});

/** New keys for the processes that are named, the others keep theirs until they are started again. */
async function restartWith(content: KeysFile, ...parts: ('api' | 'worker' | 'codec-server')[]): Promise<void> {
  writePayloadKeys(keysFile, content);
  for (const part of parts) await platform.platform.restart(part);
}

describe('rotation', () => {
  let id: string;
  let operationId: string;

  it('takes place under a workflow that runs: begun with one key, ended with the next', async () => {
    const rollout = { minHealthySeconds: 2, bakeSeconds: 2 };
    id = await operator.deploy({ environmentId, version: '1.4.2', rollout });
    ({ operationId } = await operator.reached(id, 'begun to roll', ({ components }) =>
      components.some(({ status }) => status === 'Gating'),
    ));
    await restartWith({ current: 'two', keys: { one, two } }, 'worker', 'api', 'codec-server');
    expect(await operator.ended(id)).toMatchObject({ status: 'Completed', failure: null });
    const keyIds = rawPayloads(await historyOf(operationId)).map(({ keyId }) => keyId);
    expect([...new Set(keyIds.filter((keyId) => keyId !== undefined))]).toEqual(['one', 'two']);
  });

  it('leaves a history that replays with both keys, and is refused with one sentence without the first', async () => {
    installQuietRuntime();
    const replay = async (content: KeysFile) => {
      const env = { SLIPWAY_PAYLOAD_KEYS_FILE: writePayloadKeys(join(folder, 'replay.json'), content) };
      const dataConverter = await readDataConverter(env);
      const codePath = await workflowBundle(folder, { dataConverter });
      await Worker.runReplayHistory(
        { workflowBundle: { codePath }, dataConverter },
        await historyOf(operationId),
        operationId,
      );
    };
    await replay({ current: 'two', keys: { one, two } });
    await replay({ keys: { one, two } });
    await expect(replay({ keys: { two } })).rejects.toThrow('which is not among the keys');
  });
});

describe('a worker that lacks the key', () => {
  it('says which one, and what waits for it goes on once it is there', async () => {
    const log = () => readFileSync(join(platform.home, 'log', 'worker.log'), 'utf8');
    await restartWith({ current: 'three', keys: { three: newPayloadKey() } }, 'worker');
    const id = await operator.deploy({ environmentId, version: '1.4.1' });
    const sentence = 'A payload is encrypted with the payload key "two", which is not among the keys in the file';
    await until(() => log().includes(sentence), { what: 'the sentence in the log of the worker' });
    await restartWith({ current: 'two', keys: { one, two } }, 'worker');
    expect((await operator.ended(id)).status).toBe('Completed');
  });
});

describe('a process whose file of keys cannot be used', () => {
  it.each(['api', 'codec-server'])('does not start, with one sentence: %s', async (script) => {
    const file = writePayloadKeys(join(folder, 'open.json'), { current: 'one', keys: { one } });
    chmodSync(file, 0o644);
    const { config } = platform;
    const child = spawn(process.execPath, [join(ROOT, 'bin', `${script}.ts`)], {
      env: { ...config.env, DATABASE_URL: config.databaseUrl, SLIPWAY_PAYLOAD_KEYS_FILE: file },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += String(chunk)));
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(1);
    expect(said).toBe(
      `SLIPWAY_PAYLOAD_KEYS_FILE names ${file}, which can be read by others; its mode has to be 0600.\n`,
    );
  });

  it('is not started at all without one: there is no codec server', async () => {
    await using plain = await openTestPlatform({ parts: ['issuer', 'codec-server'] });
    expect(plain.config.payloads).toBeUndefined();
    expect(existsSync(join(plain.home, 'log', 'codec-server.log'))).toBe(false);
  });
});

describe('a codec server with a certificate', () => {
  it('speaks TLS with it and nothing else, and signs browsers in with a cookie for TLS alone', async () => {
    const authority = openAuthority('of the codec server');
    const { cert, key } = authority.issue('codec');
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    await using stand = await openTestPlatform({
      parts: ['issuer', 'codec-server'],
      env: {
        SLIPWAY_PAYLOAD_KEYS_FILE: writePayloadKeys(join(folder, 'tls.json'), { current: 'one', keys: { one } }),
        SLIPWAY_TLS_CERT_FILE: join(folder, 'cert.pem'),
        SLIPWAY_TLS_KEY_FILE: join(folder, 'key.pem'),
      },
    });
    const url = stand.config.payloads?.codecUrl ?? '';
    expect(url).toBe(`https://127.0.0.1:${stand.config.ports.codec}`);
    expect((await callHttps(`${url}/healthz`, { ca: authority.cert })).status).toBe(200);
    await expect(fetch(`${url.replace('https:', 'http:')}/healthz`)).rejects.toThrow();
    const { oidc } = stand.config;
    const request = { audience: oidc.internalAudience, scopes: ['runtime.payloads.read'] };
    const form = new URLSearchParams({
      token: await obtainToken({ home: stand.home, issuer: oidc.issuer, ...request }),
    }).toString();
    const { headers } = await callHttps(`${url}/sign-in`, {
      ca: authority.cert,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    });
    expect(headers['set-cookie']?.[0]).toMatch(/; HttpOnly; SameSite=Strict; Secure$/);
  });
});
