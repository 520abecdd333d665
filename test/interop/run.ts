/**
 * Calls every gRPC method with clients that are not ours: grpcurl, which knows the contract by reflection alone, and one
 * that is generated from the protos for Go. Needs Go; all that is built goes into the Go caches and a temporary folder.
 *
 *   node bin/bootstrap.mjs test/interop/run.ts
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { internalMethods, publicMethods } from '../../api/grpc/methods.ts';
import type { GrpcMethod } from '../../api/grpc/method.ts';
import { openApiStand, ROOT } from '../_support/api.ts';
import { openWorld } from '../_support/sample-world.ts';

const HERE = import.meta.dirname;
const TOOLS = [
  'github.com/fullstorydev/grpcurl/cmd/grpcurl',
  'google.golang.org/grpc/cmd/protoc-gen-go-grpc',
  'google.golang.org/protobuf/cmd/protoc-gen-go',
];

/** What the client for Go is told, call by call. */
const WANTED: Record<string, string> = {
  GetServices: 'OK',
  'GetServices without a token': 'Unauthenticated TokenMissing',
  'GetServices with one token twice': 'Unauthenticated TokenInvalid',
  'GetServices with two tokens': 'Unauthenticated TokenInvalid',
  "GetServices of another tenant's name": 'PermissionDenied TenantMismatch',
  WatchServices: 'OK',
  StreamHealth: 'OK',
  WatchDeployment: 'OK',
  GetFindings: 'OK',
  ReportHealth: 'OK',
  'ReportHealth with a public token': 'Unauthenticated TokenInvalid',
};

const RESULTS: Record<string, Record<string, unknown>> = {
  GetServices: { services: 2 },
  WatchServices: { services: 2 },
  WatchDeployment: { status: 'DEPLOYMENT_STATUS_COMPLETED' },
  ReportHealth: { recorded: 3, refused: 0 },
};

const grpcurl = (...args: string[]) => execa(join(bin, 'grpcurl'), args, { reject: false });

const bin = mkdtempSync(join(tmpdir(), 'slipway-interop-'));
let passed = 0;
let failed = 0;
try {
  console.log('Building grpcurl and a client for Go (seconds when the Go caches are warm) …');
  await go('build', '-trimpath', '-ldflags', '-s -w', '-o', `${bin}/`, ...TOOLS);
  const buf = join(ROOT, 'node_modules/.bin/buf');
  const env = { PATH: `${bin}:${process.env.PATH}` };
  await execa(buf, ['generate', '--template', join(HERE, 'buf.gen.yaml'), '--output', HERE], { cwd: ROOT, env });
  await go('build', '-trimpath', '-o', `${bin}/`, './client');
  await run();
} catch (error) {
  failed += 1;
  console.error(error instanceof Error ? error.message : error);
} finally {
  rmSync(bin, { recursive: true, force: true });
}
console.log(`interop: ${passed} calls as they should be, ${failed} not`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function go(...args: string[]): Promise<void> {
  await execa('go', [args[0] ?? '', '-mod=readonly', ...args.slice(1)], { cwd: HERE, env: { CGO_ENABLED: '0' } });
}

async function run(): Promise<void> {
  await using stand = await openApiStand();
  const { ids } = await openWorld(stand);
  const tokens = {
    public: await stand.token(),
    internal: await stand.token({ audience: stand.config.oidc.internalAudience, scopes: [] }),
  };
  const at = { public: `127.0.0.1:${stand.api.grpc.port}`, internal: `127.0.0.1:${stand.api.internalGrpc.port}` };

  for (const [surface, methods] of [
    ['public', publicMethods],
    ['internal', internalMethods],
  ] as const) {
    const { stdout } = await grpcurl('-plaintext', at[surface], 'list');
    const services = [...new Set(methods.map(({ method }) => method.parent.typeName))].sort();
    check(`grpcurl list, ${surface} port`, stdout.split('\n').sort(), services);
    for (const { method } of methods) await callByReflection(method, at[surface], tokens[surface], ids);
  }
  await callByGo(at, tokens, ids);
}

/** With what the world has for each field of the message. */
async function callByReflection(
  { parent, name, input }: GrpcMethod['method'],
  address: string,
  token: string,
  ids: Record<string, string>,
): Promise<void> {
  const fields = input.fields.filter(({ localName }) => localName in ids);
  const message = Object.fromEntries(fields.map(({ localName }) => [localName, ids[localName]]));
  const health = { status: 'HEALTH_STATUS_HEALTHY', evaluatedAt: new Date(Date.now() - 7_200_000).toISOString() };
  const body = JSON.stringify(name === 'ReportHealth' ? { ...message, ...health } : message);
  const headers = ['-H', `authorization: Bearer ${token}`];
  // A stream goes on for as long as it is read.
  const { stdout, stderr, exitCode } = await grpcurl(
    ...['-plaintext', '-max-time', '3', '-v', ...headers, '-d', body, address, `${parent.typeName}/${name}`],
  );
  const isEndless = name === 'WatchServices' || name === 'StreamHealth';
  const isAnswered = /Response contents:/.test(stdout) && /cs-schema-version: 1\.0/.test(stdout);
  const isEnded = exitCode === 0 || (isEndless && /DeadlineExceeded/.test(stdout + stderr));
  check(`grpcurl ${name}`, { isAnswered, isEnded }, { isAnswered: true, isEnded: true }, stdout + stderr);
}

interface GoLine {
  call: string;
  status: string;
  code?: string;
  result?: Record<string, unknown>;
  headers: Record<string, string[]>;
}

async function callByGo(
  at: { public: string; internal: string },
  tokens: { public: string; internal: string },
  ids: Record<string, string>,
): Promise<void> {
  const flags = {
    address: at.public,
    internal: at.internal,
    token: tokens.public,
    'internal-token': tokens.internal,
    environment: ids.environmentId,
    service: ids.serviceId,
    deployment: ids.deploymentId,
  };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`-${flag}`, value ?? '']);
  const { stdout } = await execa(join(bin, 'client'), args);
  const lines = stdout.split('\n').map((text) => JSON.parse(text) as GoLine);
  check(
    'Go, every call',
    lines.map(({ call }) => call),
    Object.keys(WANTED),
  );
  for (const { call, status, code, result, headers } of lines) {
    check(`Go ${call}`, [status, code].filter(Boolean).join(' '), WANTED[call]);
    check(`Go ${call}: version`, headers['cs-schema-version'], ['1.0']);
    check(`Go ${call}: trace`, /^trace-[0-9a-f]{32}$/.test(headers['x-trace-id']?.[0] ?? ''), true);
    for (const [name, value] of Object.entries(RESULTS[call] ?? {}))
      check(`Go ${call}: ${name}`, result?.[name], value);
  }
}

function check(what: string, seen: unknown, wanted: unknown, more = ''): void {
  try {
    assert.deepEqual(seen, wanted);
    passed += 1;
    console.log(`✓ ${what}`);
  } catch {
    failed += 1;
    console.error(`× ${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}\n${more}`);
  }
}
