// The login role of an environment's database. Its password exists in the vault, and as a verifier in Postgres.
import { randomBytes } from 'node:crypto';
import type { SecretRef, SecretStore } from '../../providers/secrets/port.ts';
import { type AdminSession, inTransaction, literal, name } from './postgres-session.ts';
import { scramVerifier } from './scram.ts';

export const PASSWORD_SECRET = 'database-password';

/** What our comments on roles, databases and schemas say. */
export function tagOf(environmentId: string): string {
  return `slipway environment ${environmentId}`;
}

/**
 * The role with its tag (one transaction, so there is no untagged one of ours) and the vault's password.
 * @throws Error when a role of that name belongs to something else.
 */
export async function ensureRole(
  session: AdminSession,
  secrets: SecretStore,
  role: string,
  environmentId: string,
): Promise<SecretRef> {
  const tag = await roleTag(session, role);
  if (tag === undefined) {
    await inTransaction(session, [
      `create role ${name(role)} nologin`,
      `comment on role ${name(role)} is ${literal(tagOf(environmentId))}`,
      // An administrator who is no superuser may hand objects only to roles that he is a member of.
      `grant ${name(role)} to current_user`,
    ]);
  } else if (tag !== tagOf(environmentId)) {
    throw new Error(`the role ${role} exists and does not belong to ${environmentId}`);
  }
  const secret = await ensurePassword(secrets, environmentId);
  const verifier = scramVerifier(await secrets.read(secret));
  await session.query(`alter role ${name(role)} with login password ${literal(verifier)}`);
  return secret;
}

/** The role's comment: null when it has none, undefined when there is no such role. */
export async function roleTag(session: AdminSession, role: string): Promise<string | null | undefined> {
  const { rows } = await session.query<{ tag: string | null }>(
    `select shobj_description(oid, 'pg_authid') as tag from pg_roles where rolname = $1`,
    [role],
  );
  return rows[0]?.tag;
}

export async function dropRole(session: AdminSession, role: string, environmentId: string): Promise<void> {
  if ((await roleTag(session, role)) !== tagOf(environmentId)) return;
  await session.query(`drop role if exists ${name(role)}`);
}

/** First into the vault, then into Postgres: a kill in between is repaired by the next try with the same password. */
async function ensurePassword(secrets: SecretStore, namespace: string): Promise<SecretRef> {
  const known = await secrets.latest(namespace, PASSWORD_SECRET);
  if (known) return known;
  const password = randomBytes(24).toString('base64url');
  return await secrets.put(namespace, PASSWORD_SECRET, password, `slipway:local:Database/${namespace}`);
}
