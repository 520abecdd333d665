import { deploymentsOfOperations } from '../../../db/deployments.ts';
import { pageOfOperations } from '../../../db/lists.ts';
import { OPERATION_KINDS } from '../../../domain/phases.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { operationList, operationsQuery } from '../../shapes/operation.ts';
import { renderOperation } from './render.ts';
import { OPERATION_SCOPES, scopeOfKind } from './scope.ts';

/** Without `kind` it shows the operations of every noun that the caller may read. */
export const listOperations = read({
  route: '/runtime/operations',
  scope: (_tx, _tenantId, { query: { kind = 'provision' } }) => Promise.resolve(scopeOfKind(kind)),
  possibleScopes: OPERATION_SCOPES,
  summary: 'List operations, the newest first',
  input: { query: operationsQuery },
  output: { 200: operationList },
  async run(tx, { tenantId, scopes }, { query }) {
    const readable = OPERATION_KINDS.filter((kind) => scopes.has(scopeOfKind(kind)));
    const kinds = query.kind ? [query.kind] : readable;
    const page = await pageOfOperations(tx, tenantId, { ...query, kinds }, pageIn(query));
    const ids = page.rows.map(({ id }) => id);
    const deployments = await deploymentsOfOperations(tx, tenantId, ids);
    return listAnswer('operations', page, (row) => renderOperation(row, deployments.get(row.id)));
  },
});
