/** The types of resources of a local environment, and a look at which of them are there. */
import type { SecretStore } from '../../providers/secrets/port.ts';
import { databaseKind } from './database.ts';
import { folderKind } from './folder.ts';
import { portRangeKind } from './port-range.ts';
import type { Inputs, ResourceKind } from './resource-kind.ts';
import { vaultNamespaceKind } from './vault-namespace.ts';

export interface LocalKindsOptions {
  home: string;
  /** Where environments' blocks of ports begin. */
  portBase: number;
  /** A role that may create databases and roles. */
  adminUrl: string;
  secrets: SecretStore;
}

/** By type token. */
export function localKinds({ home, portBase, adminUrl, secrets }: LocalKindsOptions): Record<string, ResourceKind> {
  return {
    'slipway:local:Folder': folderKind(home),
    'slipway:local:PortRange': portRangeKind(home, portBase),
    'slipway:local:Database': databaseKind({ adminUrl, secrets }),
    'slipway:local:VaultNamespace': vaultNamespaceKind(secrets),
  };
}

/** Types of which something is there under this environment's id, whatever a state says. */
export async function typesThereOf(
  kinds: Record<string, ResourceKind>,
  environmentId: string,
  inputs: Inputs,
): Promise<string[]> {
  const looks = Object.entries(kinds).map(async ([type, kind]) =>
    (await kind.read(environmentId, inputs)) ? type : null,
  );
  return (await Promise.all(looks)).filter((type) => type !== null);
}
