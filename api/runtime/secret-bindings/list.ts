import { pageOfSecretBindings } from '../../../db/lists.ts';
import { read } from '../../endpoint.ts';
import { listAnswer, pageIn } from '../../list.ts';
import { secretBindingList, secretBindingsQuery } from '../../shapes/secret-binding.ts';
import { renderSecretBinding } from './render.ts';

export const listSecretBindings = read({
  route: '/runtime/secret-bindings',
  scope: 'runtime.secrets.read',
  summary: 'List secret bindings, the newest first',
  input: { query: secretBindingsQuery },
  output: { 200: secretBindingList },
  async run(tx, { tenantId }, { query }) {
    const page = await pageOfSecretBindings(tx, tenantId, query, pageIn(query));
    return listAnswer('secret-bindings', page, renderSecretBinding);
  },
});
