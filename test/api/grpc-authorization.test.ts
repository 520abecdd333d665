/** Who may call which gRPC method: every method × every kind of caller, worked out from the methods' endpoints. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { status } from '@grpc/grpc-js';
import type { DescMethod, DescMethodServerStreaming, DescMethodUnary } from '@bufbuild/protobuf';
import { internalMethods, publicMethods } from '../../api/grpc/methods.ts';
import type { GrpcMethod } from '../../api/grpc/method.ts';
import { statusOfKind } from '../../api/grpc/status.ts';
import { ERROR_KINDS, type ErrorCode } from '../../domain/errors.ts';
import { SCOPES } from '../../domain/scopes.ts';
import { openApiStand, type ApiStand } from '../_support/api.ts';
import { BROKEN_TOKENS } from '../_support/broken-tokens.ts';
import { forgeToken } from '../_support/forge-token.ts';
import { openGrpcClient, wordsOf, type GrpcClient, type Headers } from '../_support/grpc.ts';
import { openWorld, type World } from '../_support/sample-world.ts';
import { openTenantTables, type TenantTables } from '../_support/tenant-tables.ts';

let stand: ApiStand;
let tables: TenantTables;
let world: World;
let revokedWorld: World;
let client: GrpcClient;
beforeAll(async () => {
  stand = await openApiStand();
  tables = await openTenantTables(stand.config.databaseUrl);
  world = await openWorld(stand);
  revokedWorld = await openWorld(stand);
  await tables.query('update tenant_bindings set revoked_at = now() where environment_id = $1', [
    revokedWorld.key.environmentId,
  ]);
  client = openGrpcClient(stand.api.grpc.port);
});
afterAll(async () => {
  client?.[Symbol.dispose]();
  await tables?.[Symbol.asyncDispose]();
  await stand?.[Symbol.asyncDispose]();
});

const OPENED = 'OK';
const refused = (code: ErrorCode) => `${status[statusOfKind(ERROR_KINDS[code])]} ${code}`;
const by = (claims: Record<string, unknown>): Headers => ({
  authorization: `Bearer ${forgeToken(stand.config, { claims })}`,
});
const withAll = { scope: SCOPES.join(' ') };

/** A message that names the world's things wherever it has a field for one. */
function messageOf(method: DescMethod, { ids }: World, change: object = {}): object {
  const named = method.input.fields.filter(({ localName }) => localName in ids);
  const fields = named.map(({ localName }) => [localName, ids[localName as keyof typeof ids]]);
  return { ...Object.fromEntries(fields), ...change };
}

/** How the call is answered: `OK` as soon as it answers at all, else its status and code. */
async function ask({ method }: GrpcMethod, message: object, headers: Headers): Promise<string> {
  if (method.methodKind === 'unary') {
    return wordsOf((await client.unary(method as DescMethodUnary, message as never, headers)).error);
  }
  using stream = client.read(method as DescMethodServerStreaming, message as never, headers);
  return await Promise.race([stream.atLeast(1).then(() => OPENED), stream.ended.then(wordsOf)]);
}

/** A line for each method that was not answered as wanted. */
async function attempt(
  headers: Headers | ((method: GrpcMethod) => Headers),
  wanted: (method: GrpcMethod) => string,
  of: { world?: World; change?: object } = {},
): Promise<string[]> {
  const lines = await Promise.all(
    publicMethods.map(async (one) => {
      const message = messageOf(one.method, of.world ?? world, of.change);
      const answered = await ask(one, message, typeof headers === 'function' ? headers(one) : headers);
      return answered === wanted(one) ? [] : [`${one.method.name}: ${answered}, not ${wanted(one)}`];
    }),
  );
  return lines.flat();
}

const scopeOf = ({ endpoint }: GrpcMethod) => String(endpoint.scope);
const notFound = ({ endpoint }: GrpcMethod) => refused(endpoint.target?.notFound ?? 'RouteNotFound');

describe('a gRPC method', () => {
  it('is of the contract, or of the internal one', () => {
    expect(publicMethods.map(({ method }) => `${method.parent.name}.${method.name}`)).toEqual([
      'RuntimeInventory.GetServices',
      'RuntimeInventory.WatchServices',
      'RuntimeHealth.StreamHealth',
      'RuntimeDrift.GetFindings',
      'RuntimeDeployments.WatchDeployment',
    ]);
    expect(internalMethods.map(({ method }) => `${method.parent.name}.${method.name}`)).toEqual([
      'RuntimeHealthService.ReportHealth',
    ]);
  });

  it('needs the scope that the contract says', () => {
    expect(publicMethods.map(scopeOf)).toEqual([
      'runtime.environments.read',
      'runtime.environments.read',
      'runtime.health.read',
      'runtime.drift.read',
      'runtime.deployments.read',
    ]);
  });

  it('answers who has a good token with every scope', async () => {
    expect(await attempt(by(withAll), () => OPENED)).toEqual([]);
  });

  it.each(BROKEN_TOKENS)('answers $code for $what', async ({ authorization, code }) => {
    const header = authorization(stand.config);
    const before = await tables.digest();
    // HTTP/2 has no field that ends in a space: it does not get here.
    const wanted = refused(header?.endsWith(' ') ? 'TokenMissing' : code);
    expect(await attempt(header === null ? {} : { authorization: header }, () => wanted)).toEqual([]);
    expect(await tables.digest()).toBe(before);
  });

  it.each(SCOPES)('is opened by %s alone where that is its scope', async (scope) => {
    const wanted = (one: GrpcMethod) => (scopeOf(one) === scope ? OPENED : refused('ScopeMissing'));
    expect(await attempt(by({ scope }), wanted)).toEqual([]);
  });

  it.each<[string, (scope: string) => string]>([
    ['none', () => ''],
    ['all but the right one', (scope) => SCOPES.filter((one) => one !== scope).join(' ')],
    ['a longer word', (scope) => `${scope}r`],
    ['other letters', (scope) => scope.toUpperCase()],
    ['a comma between two', (scope) => `${scope},${scope}`],
    ['a tab between two', (scope) => `a\t${scope}`],
  ])('misses its scope where the token carries %s', async (_what, carried) => {
    const headers = (one: GrpcMethod) => by({ scope: carried(scopeOf(one)) });
    expect(await attempt(headers, () => refused('ScopeMissing'))).toEqual([]);
  });

  it('misses its scope where the token has it as scp, a text or a list', async () => {
    for (const scp of [(scope: string) => scope, (scope: string) => [scope]]) {
      const headers = (one: GrpcMethod) => by({ scope: undefined, scp: scp(scopeOf(one)) });
      expect(await attempt(headers, () => refused('ScopeMissing'))).toEqual([]);
    }
  });

  it("answers for another tenant's thing as for a missing one, with and without the scope", async () => {
    for (const scope of [withAll.scope, '']) {
      expect(await attempt(by({ tenantId: 'fabrikam', scope }), notFound)).toEqual([]);
    }
  });

  it('is refused where the binding was revoked, with and without the scope', async () => {
    for (const scope of [withAll.scope, '']) {
      expect(await attempt(by({ scope }), () => refused('BindingRevoked'), { world: revokedWorld })).toEqual([]);
    }
  });

  it("is refused before any look-up where the message states a tenant that is not the token's", async () => {
    const nowhere = { tenantId: 'fabrikam', environmentId: 'env-00000000', deploymentId: 'dep-00000000' };
    const change = (one: GrpcMethod) =>
      Object.fromEntries(Object.entries(nowhere).filter(([name]) => one.method.input.field[name]));
    const lines = await Promise.all(
      publicMethods.map(async (one) => await ask(one, messageOf(one.method, world, change(one)), by(withAll))),
    );
    expect(lines).toEqual(publicMethods.map(() => refused('TenantMismatch')));
  });

  it("takes the token's own tenant, stated", async () => {
    expect(await attempt(by(withAll), () => OPENED, { change: { tenantId: 'connectsoft' } })).toEqual([]);
  });
});
