/** What workflows are told and how operators find them: the signals, the inputs and the typed search attributes. */
import { SearchAttributeType, TypedSearchAttributes, defineSearchAttributeKey } from '@temporalio/common';
import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Heard } from '../activities/command.ts';
import type { Command } from '../domain/commands.ts';
import type { CommandId, EnvironmentKey, OperationKey } from '../domain/ids.ts';
import type { OperationKind, Phase } from '../domain/phases.ts';

/** There is work for the lane; Postgres says what. */
export const bell = defineSignal('bell');

/** What comes with a command: what it is known by when its row has taken it already, a reason when somebody says one. */
export interface Told {
  commandId?: CommandId;
  reason?: string;
}

const updateOf = (name: Command) => defineUpdate<Heard, [Told]>(name);

/** To the workflow of a deployment, by the names that operators use. */
export const commands = {
  pause: updateOf('pause'),
  resume: updateOf('resume'),
  promote: updateOf('promote'),
  abort: updateOf('abort'),
} as const satisfies Record<Command, unknown>;

/** Ids and phases only: search attributes are readable by every operator and never encrypted. */
export const attributes = {
  tenantId: defineSearchAttributeKey('SlipwayTenantId', SearchAttributeType.KEYWORD),
  environmentId: defineSearchAttributeKey('SlipwayEnvironmentId', SearchAttributeType.KEYWORD),
  operationId: defineSearchAttributeKey('SlipwayOperationId', SearchAttributeType.KEYWORD),
  kind: defineSearchAttributeKey('SlipwayKind', SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey('SlipwayPhase', SearchAttributeType.KEYWORD),
  stage: defineSearchAttributeKey('SlipwayStage', SearchAttributeType.KEYWORD),
};

export function laneAttributes(key: EnvironmentKey): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: attributes.tenantId, value: key.tenantId },
    { key: attributes.environmentId, value: key.environmentId },
    { key: attributes.kind, value: 'lane' },
  ]);
}

/** A sweep is nobody's in particular. */
export function sweepAttributes(): TypedSearchAttributes {
  return new TypedSearchAttributes([{ key: attributes.kind, value: 'sweep' }]);
}

export function operationAttributes(
  input: OperationKey,
  operation: { kind: OperationKind; phase: Phase; stage: string },
): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: attributes.tenantId, value: input.tenantId },
    { key: attributes.environmentId, value: input.environmentId },
    { key: attributes.operationId, value: input.operationId },
    { key: attributes.kind, value: operation.kind },
    { key: attributes.phase, value: operation.phase },
    { key: attributes.stage, value: operation.stage },
  ]);
}
