import { findSecretBinding } from '../../../db/secret-bindings.ts';
import { read } from '../../endpoint.ts';
import { secretBindingAnswer, secretBindingParams } from '../../shapes/secret-binding.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderSecretBinding } from './render.ts';

export const getSecretBinding = read({
  route: '/runtime/secret-bindings/{secretBindingId}',
  summary: 'Read a secret binding: references only',
  scope: 'runtime.secrets.read',
  input: { params: secretBindingParams },
  output: { 200: secretBindingAnswer },
  target: {
    notFound: 'SecretBindingNotFound',
    locate: async (tx, tenantId, { params }) =>
      (await findSecretBinding(tx, tenantId, params.secretBindingId))?.environmentId ?? null,
  },
  async run(tx, { tenantId }, { params }) {
    const row = await findSecretBinding(tx, tenantId, params.secretBindingId);
    if (!row) throw notThere('SecretBindingNotFound');
    return { status: 200 as const, body: renderSecretBinding(row) };
  },
});
