import { and, desc, eq, inArray } from 'drizzle-orm';
import { hashOf } from '../domain/hash.ts';
import type { ConfigurationId, EnvironmentKey, TraceId } from '../domain/ids.ts';
import type { Tx } from './client.ts';
import { lockEnvironment } from './environments.ts';
import { newId } from './new-id.ts';
import { configurations } from './schema/index.ts';

export type ConfigurationRow = typeof configurations.$inferSelect;

export interface ConfigurationContent {
  values: Record<string, string>;
  files: Record<string, string>;
}

/** A new version. The environment's row lock orders the versions. */
export async function insertConfiguration(
  tx: Tx,
  key: EnvironmentKey,
  content: ConfigurationContent,
  traceId: TraceId,
): Promise<ConfigurationRow> {
  await lockEnvironment(tx, key);
  const [last] = await tx
    .select({ version: configurations.version })
    .from(configurations)
    .where(and(eq(configurations.tenantId, key.tenantId), eq(configurations.environmentId, key.environmentId)))
    .orderBy(desc(configurations.version))
    .limit(1);
  const [row] = await tx
    .insert(configurations)
    .values({
      tenantId: key.tenantId,
      environmentId: key.environmentId,
      id: newId('cfg'),
      version: (last?.version ?? 0) + 1,
      values: content.values,
      files: content.files,
      hash: hashOf({ values: content.values, files: content.files }),
      traceId,
      createdAt: new Date(),
    })
    .returning();
  return row as ConfigurationRow;
}

export async function findConfiguration(
  tx: Tx,
  tenantId: string,
  id: ConfigurationId,
): Promise<ConfigurationRow | null> {
  return (await findConfigurations(tx, tenantId, [id]))[0] ?? null;
}

export async function findConfigurations(
  tx: Tx,
  tenantId: string,
  ids: ConfigurationId[],
): Promise<ConfigurationRow[]> {
  if (ids.length === 0) return [];
  return await tx
    .select()
    .from(configurations)
    .where(and(eq(configurations.tenantId, tenantId), inArray(configurations.id, ids)));
}
