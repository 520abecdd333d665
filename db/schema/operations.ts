import { bigint, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { COMMANDS, ON_CONFLICT, WISHES } from '../../domain/commands.ts';
import type { Failure } from '../../domain/failures.ts';
import type { Judged } from '../../domain/governed.ts';
import type { CommandId, EnvironmentId, OperationId, TraceId } from '../../domain/ids.ts';
import { OPERATION_KINDS, OPERATION_STATUSES, PHASES } from '../../domain/phases.ts';
import { at, tenantId, tenantNotEmpty } from './columns.ts';

export const WAITING_KINDS = ['approval', 'queue', 'pause', 'platform'] as const;
export interface WaitingOn {
  kind: (typeof WAITING_KINDS)[number];
  since: string;
  reference: string;
  /** Of a part of the platform: what it was failed of last. */
  failure?: Failure;
}

/** The durable record of one piece of work; its id is the workflow id. A terminal row never changes again (trigger). */
export const operations = pgTable(
  'operations',
  {
    tenantId: tenantId(),
    id: text('id').$type<OperationId>().notNull(),
    environmentId: text('environment_id').$type<EnvironmentId>().notNull(),
    kind: text('kind', { enum: OPERATION_KINDS }).notNull(),
    /** Order of acceptance within the environment. */
    seq: bigint('seq', { mode: 'number' }).notNull(),
    status: text('status', { enum: OPERATION_STATUSES }).notNull(),
    phase: text('phase', { enum: PHASES }).notNull(),
    /** How long it may run once claimed, and how much of that is kept for going back. */
    budgetSeconds: integer('budget_seconds').notNull(),
    reserveSeconds: integer('reserve_seconds').notNull(),
    /** It has ended by then; tightened to claim + budget when the lane takes it. */
    deadlineAt: at('deadline_at').notNull(),
    failure: jsonb('failure').$type<Failure>(),
    /** What governance was asked about it; null where it is not asked. */
    judged: jsonb('judged').$type<Judged>(),
    waitingOn: jsonb('waiting_on').$type<WaitingOn>(),
    /** What it did, when it was accepted, with those before it. */
    onConflict: text('on_conflict', { enum: ON_CONFLICT }).notNull().default('queue'),
    wanted: text('wanted', { enum: WISHES }).notNull().default('run'),
    /** Why it is to be given up. */
    wantedBecause: jsonb('wanted_because').$type<Failure>(),
    /** The command that was given last, which its workflow is told of. */
    command: text('command', { enum: COMMANDS }),
    commandId: text('command_id').$type<CommandId>(),
    commandedAt: at('commanded_at'),
    /** When its workflow was told; until then reconcile tells it again. */
    heardAt: at('heard_at'),
    traceId: text('trace_id').$type<TraceId>().notNull(),
    acceptedAt: at('accepted_at').notNull(),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('operations_seq').on(table.tenantId, table.environmentId, table.seq),
    uniqueIndex('operations_one_active')
      .on(table.tenantId, table.environmentId)
      .where(sql`${table.status} = 'Updating'`),
    index('operations_list').on(table.tenantId, table.environmentId, table.id),
    index('operations_open')
      .on(table.acceptedAt)
      .where(sql`${table.status} in ('Accepted', 'Updating')`),
    index('operations_unheard')
      .on(table.commandedAt)
      .where(sql`${table.commandedAt} is not null and ${table.heardAt} is null and ${table.status} = 'Updating'`),
    tenantNotEmpty(table),
  ],
);
