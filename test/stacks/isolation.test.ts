/** What the role of one environment reaches of another's tables, under every isolation model; in one tenant as between two. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ISOLATION_MODELS, type IsolationModel } from '../../domain/phases.ts';
import { databaseKind } from '../../local/pulumi-plugin/database.ts';
import { localVault } from '../../providers/secrets/local-vault.ts';
import type { SecretRef } from '../../providers/secrets/port.ts';
import { startStackPeers, type StackPeers } from './peers.ts';

/** Two of each model. */
const ENVIRONMENTS = ISOLATION_MODELS.flatMap((model) => [`${model}-1`, `${model}-2`]);
const PAIRS = ENVIRONMENTS.flatMap((one) => ENVIRONMENTS.flatMap((other) => (one === other ? [] : [[one, other]])));

interface Place {
  user: string;
  database: string;
  schema: string;
  password: string;
}

let peers: StackPeers;
const places = new Map<string, Place>();
beforeAll(async () => {
  peers = await startStackPeers();
  const secrets = localVault({ folder: join(peers.home, 'vault'), keyFile: join(peers.home, 'vault.key') });
  const { ensure } = databaseKind({ adminUrl: peers.databaseUrl, secrets });
  for (const name of ENVIRONMENTS) {
    const environmentId = `env-${name}`;
    await secrets.ensureNamespace(environmentId);
    const [isolationModel] = name.split('-') as [IsolationModel];
    const state = await ensure(environmentId, { environmentId, isolationModel });
    const { user, database, schema, passwordSecret } = state as unknown as Place & { passwordSecret: SecretRef };
    places.set(name, { user, database, schema, password: await secrets.read(passwordSecret) });
    await as(name, `create table bookings (guest text); insert into bookings values ('${name}')`);
  }
}, 120_000);
afterAll(() => peers?.close());

const placeOf = (name: string): Place => places.get(name) ?? expect.fail(`there is no place of ${name}`);

async function as(name: string, text: string, database = placeOf(name).database) {
  const { user: username, password } = placeOf(name);
  const url = Object.assign(new URL(peers.databaseUrl), { username, password, pathname: database });
  return await peers.queryAs<Record<string, unknown>>(url.toString(), text);
}

describe('the role of an environment', () => {
  it.each(ENVIRONMENTS)('reads and writes its own tables: %s', async (name) => {
    expect(await as(name, 'select guest from bookings')).toEqual([{ guest: name }]);
  });

  it.each(PAIRS)('reads and changes nothing of another: %s of %s', async (one, other) => {
    const { database, schema, user } = placeOf(other);
    const isTogether = database === placeOf(one).database;
    const refused = isTogether ? `permission denied for schema ${schema}` : 'permission denied for database';
    for (const text of [
      `select * from "${schema}".bookings`,
      `insert into "${schema}".bookings values ('x')`,
      `create table "${schema}".mine (a int)`,
    ]) {
      await expect(as(one, text, database), text).rejects.toThrow(refused);
    }
    await expect(as(one, `set role "${user}"`)).rejects.toThrow('permission denied to set role');
    expect(await as(other, 'select guest from bookings')).toEqual([{ guest: other }]);
  });

  it.each(ENVIRONMENTS)('has no way to more: %s', async (name) => {
    const { user } = placeOf(name);
    const [role] = await peers.query(`
      select rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication from pg_roles where rolname = '${user}'`);
    expect(Object.values(role ?? {})).toEqual(Array(5).fill(false));
    for (const text of [`create role another`, `create database another`, `grant pg_read_all_data to "${user}"`]) {
      await expect(as(name, text), text).rejects.toThrow('permission denied');
    }
  });
});
