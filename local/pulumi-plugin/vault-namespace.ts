// slipway:local:VaultNamespace — where the secrets of an environment rest.
import type { SecretStore } from '../../providers/secrets/port.ts';
import { environmentIdProblem, type ResourceKind } from './resource-kind.ts';

/** The namespace is named after the environment, so its name is its tag. */
export function vaultNamespaceKind(secrets: SecretStore): ResourceKind {
  const stateOf = (id: string) => ({ environmentId: id, namespace: id });
  async function ensure(id: string) {
    await secrets.ensureNamespace(id);
    return stateOf(id);
  }

  return {
    inputs: { environmentId: environmentIdProblem },
    replaceOn: ['environmentId'],
    ensure,
    read: async (id) => ((await secrets.hasNamespace(id)) ? stateOf(id) : null),
    remove: async (id) => await secrets.deleteNamespace(id),
  };
}
