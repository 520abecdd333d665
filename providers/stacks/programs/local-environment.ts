/**
 * What an environment stands on when the cloud is this machine: a folder, a block of ports, a vault namespace and a
 * database. The plugin `pulumi-resource-slipway` makes them; every name in them follows from the environment's id.
 */
import * as pulumi from '@pulumi/pulumi';
import type { PulumiFn } from '@pulumi/pulumi/automation/index.js';
import type { StackSpec } from '../port.ts';

/** The release of the plugin this program speaks to. */
const PLUGIN_VERSION = '0.1.0';

/** The inline program of one environment's stack. Its outputs are plain values: folder, portBase, portCount, database, vaultNamespace. */
export function localEnvironment(spec: StackSpec): PulumiFn {
  return async () => {
    const { environmentId, tenantId, projectId, stage, region, isolationModel } = spec;
    const folder = resource('Folder', 'workspace', {
      inputs: { environmentId, labels: { tenantId, projectId, stage, region, name: spec.stackName } },
      outputs: ['path'],
    });
    const ports = resource('PortRange', 'ports', { inputs: { environmentId }, outputs: ['portBase', 'portCount'] });
    const vault = resource('VaultNamespace', 'secrets', { inputs: { environmentId }, outputs: ['namespace'] });
    const database = resource(
      'Database',
      'database',
      {
        inputs: { environmentId, isolationModel },
        outputs: ['host', 'port', 'database', 'schema', 'user', 'passwordSecret'],
      },
      // Its password rests in the namespace, which therefore comes first and goes last.
      { dependsOn: [vault.self] },
    );

    return {
      folder: folder.outputs.path,
      portBase: ports.outputs.portBase,
      portCount: ports.outputs.portCount,
      vaultNamespace: vault.outputs.namespace,
      database: database.outputs,
    };
  };
}

/** What it is comes from its type token. */
class LocalResource extends pulumi.CustomResource {}

interface Shape {
  inputs: pulumi.Inputs;
  /** What the plugin adds to the inputs. */
  outputs: string[];
}

function resource(type: string, name: string, shape: Shape, options: pulumi.CustomResourceOptions = {}) {
  const undetermined = Object.fromEntries(shape.outputs.map((output) => [output, undefined]));
  const self = new LocalResource(
    `slipway:local:${type}`,
    name,
    { ...shape.inputs, ...undetermined },
    { ...options, version: PLUGIN_VERSION },
  );
  const members = self as unknown as Record<string, pulumi.Output<unknown>>;
  return { self, outputs: Object.fromEntries(shape.outputs.map((output) => [output, members[output]])) };
}
