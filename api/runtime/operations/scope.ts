import { OPERATION_KINDS, type OperationKind } from '../../../domain/phases.ts';
import type { Scope } from '../../../domain/scopes.ts';

/** An operation is read with the read scope of its noun. */
export function scopeOfKind(kind: OperationKind): Scope {
  switch (kind) {
    case 'provision':
    case 'decommission':
      return 'runtime.environments.read';
    case 'deploy':
      return 'runtime.deployments.read';
    case 'driftScan':
      return 'runtime.drift.read';
  }
}

/** Every scope that reads some operation. */
export const OPERATION_SCOPES: Scope[] = [...new Set(OPERATION_KINDS.map(scopeOfKind))];
