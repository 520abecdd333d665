/**
 * Binds a service to versions of secrets. It changes nothing that runs: from its next deployment on the service gets
 * them. Values are not looked at here.
 */
import { appendEvent } from '../../../db/events.ts';
import { insertSecretBinding } from '../../../db/secret-bindings.ts';
import type { BoundSecret } from '../../../domain/secrets.ts';
import type { SecretStore } from '../../../providers/secrets/port.ts';
import { mutation } from '../../endpoint.ts';
import { secretBindingPath } from '../../paths.ts';
import { secretBindingAnswer, secretBindingBody } from '../../shapes/secret-binding.ts';
import { notThere } from '../../tenant-guard.ts';
import { lockForWork } from '../deployments/checks.ts';
import { renderSecretBinding } from './render.ts';

export const createSecretBinding = mutation({
  route: '/runtime/secret-bindings',
  summary: 'Bind a workload to secrets of the vault, each at a version',
  scope: 'runtime.secrets.write',
  refuses: ['SecretNotFound', 'EnvironmentNotReady'],
  input: { body: secretBindingBody },
  output: { 201: secretBindingAnswer },
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { body }) => Promise.resolve(body.environmentId),
  },
  governed: {
    action: 'secrets.bind',
    question: (_tx, _caller, { body }, environment) => {
      const { tenantId: _stated, ...intent } = body;
      return Promise.resolve({
        stage: environment?.stage ?? 'prod',
        intent,
        facts: { region: environment?.region ?? '', serviceId: body.serviceId },
      });
    },
  },
  async run(tx, { tenantId, traceId }, { body }, { secrets: store }) {
    const { environmentId, serviceId } = body;
    const key = { tenantId, environmentId };
    const { outputs } = await lockForWork(tx, key);
    // Nothing is in a vault that was not made yet.
    const vault = typeof outputs?.vaultNamespace === 'string' ? outputs.vaultNamespace : null;
    const secrets: BoundSecret[] = [];
    for (const wanted of body.secrets) secrets.push(await pin(store, vault, wanted));
    const row = await insertSecretBinding(tx, { ...key, serviceId, secrets, traceId });
    await appendEvent(tx, key, { type: 'secrets.bound', data: { serviceId, secretBindingId: row.id } });
    return {
      status: 201 as const,
      headers: { location: secretBindingPath(row.id) },
      body: renderSecretBinding(row),
      environmentId,
    };
  },
});

interface Wanted {
  name: string;
  vault?: string;
  secret: string;
  version?: string;
}

/**
 * The vault of another environment, or of another tenant's, is as good as none: it is not even asked.
 *
 * @throws PlatformError `SecretNotFound`
 */
async function pin(
  store: Pick<SecretStore, 'latest' | 'has'>,
  namespace: string | null,
  { name, vault, secret, version }: Wanted,
): Promise<BoundSecret> {
  if (namespace === null || (vault !== undefined && vault !== namespace)) throw notThere('SecretNotFound');
  if (version === undefined) {
    const ref = await store.latest(namespace, secret);
    if (!ref) throw notThere('SecretNotFound');
    return { name, ref };
  }
  const ref = { namespace, name: secret, version };
  if (!(await store.has(ref))) throw notThere('SecretNotFound');
  return { name, ref };
}
