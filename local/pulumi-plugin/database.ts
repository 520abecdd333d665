// slipway:local:Database — a place for an environment's tables and the one role that may use it.
import type { SecretRef, SecretStore } from '../../providers/secrets/port.ts';
import { type DatabasePlace, ownDatabase, sharedSchema } from './database-place.ts';
import { dropRole, ensureRole, PASSWORD_SECRET, roleTag, tagOf } from './database-role.ts';
import { withAdmin } from './postgres-session.ts';
import { environmentIdProblem, type ResourceKind, type State } from './resource-kind.ts';

export interface DatabaseKindOptions {
  /** A role that may create databases and roles. */
  adminUrl: string;
  /** Takes the password; its namespace is the environment's and has to exist. */
  secrets: SecretStore;
}

export function databaseKind({ adminUrl, secrets }: DatabaseKindOptions): ResourceKind {
  const placeOf = (environmentId: string, isolationModel: unknown): DatabasePlace => {
    const role = roleOf(environmentId);
    return isolationModel === 'silo' ? ownDatabase(role, environmentId) : sharedSchema(adminUrl, role, environmentId);
  };

  function stateOf(environmentId: string, isolationModel: unknown, secret: SecretRef): State {
    const { hostname, port } = new URL(adminUrl);
    const { database, schema } = placeOf(environmentId, isolationModel);
    const where = { host: hostname, port: Number(port || 5432), database, schema, user: roleOf(environmentId) };
    return { environmentId, isolationModel, ...where, passwordSecret: { ...secret } };
  }

  async function ensure(environmentId: string, isolationModel: unknown): Promise<State> {
    return await withAdmin(adminUrl, null, async (admin) => {
      const secret = await ensureRole(admin, secrets, roleOf(environmentId), environmentId);
      await placeOf(environmentId, isolationModel).ensure(admin);
      return stateOf(environmentId, isolationModel, secret);
    });
  }

  return {
    inputs: {
      environmentId: environmentIdProblem,
      isolationModel: (value) =>
        ['silo', 'pool', 'shared'].includes(String(value)) ? null : 'has to be silo, pool or shared',
    },
    replaceOn: ['environmentId', 'isolationModel'],
    ensure: async (id, { isolationModel }) => await ensure(id, isolationModel),
    async read(id, { isolationModel }) {
      return await withAdmin(adminUrl, null, async (admin) => {
        const secret = await secrets.latest(id, PASSWORD_SECRET);
        const role = (await roleTag(admin, roleOf(id))) === tagOf(id);
        const place = await placeOf(id, isolationModel).exists(admin);
        if (secret && role && place) return stateOf(id, isolationModel, secret);
        return role || place ? { environmentId: id, isolationModel, incomplete: true } : null;
      });
    },
    async remove(id, { isolationModel }) {
      await withAdmin(adminUrl, null, async (admin) => {
        await placeOf(id, isolationModel).drop(admin);
        await dropRole(admin, roleOf(id), id);
      });
    },
  };
}

/** Also the database's or the schema's name: an accepted id is short enough for the 63 bytes that Postgres allows. */
function roleOf(environmentId: string): string {
  // Only the prefix is folded: folding more could give two environments one name.
  return `slipway_env_${environmentId.slice('env-'.length)}`;
}
