/** Turns a revision's spec into the record of one replica: its command, its environment, its configuration files. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { OperationFault } from '../../../domain/failures.ts';
import type { RevisionSpec } from '../../../providers/compute/port.ts';
import type { StoredImage } from '../images/image-store.ts';
import { instanceFiles, type InstanceRecord } from '../instance-record.ts';

export interface ReplicaPlace {
  folder: string;
  ordinal: number;
  port: number;
  graceMs: number;
}

/** Nothing of the supervisor's own environment reaches a workload: it holds the platform's addresses and secrets. */
export function instanceRecordOf(spec: RevisionSpec, image: StoredImage, place: ReplicaPlace): InstanceRecord {
  const instanceId = `${spec.workload.serviceId}-${spec.revision}-${place.ordinal}`;
  return {
    instanceId,
    ordinal: place.ordinal,
    port: place.port,
    command: image.config.entrypoint.map((word, index) => (index === 0 && word === 'node' ? process.execPath : word)),
    workingFolder: image.contentFolder,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: place.folder,
      LANG: 'C.UTF-8',
      ...image.config.env,
      ...spec.env,
      PORT: String(place.port),
      SLIPWAY_INSTANCE: instanceId,
      SLIPWAY_SERVICE: spec.workload.serviceId,
      SLIPWAY_REVISION: spec.revision,
      SLIPWAY_CONFIG_DIR: instanceFiles(place.folder).config,
    },
    ...(spec.secrets && { secrets: spec.secrets }),
    graceMs: place.graceMs,
    retired: false,
  };
}

/** @throws OperationFault `ConfigurationMissing` when a path would leave the configuration folder. */
export function assertInnerPaths(files: Record<string, string>): void {
  for (const path of Object.keys(files)) {
    const inner = relative('/c', join('/c', path));
    if (isAbsolute(path) || inner === '' || inner.split(sep).includes('..') || path.includes('\\')) {
      const message = `configuration file "${path}" must be a relative path inside the configuration folder`;
      throw new OperationFault({ code: 'ConfigurationMissing', message });
    }
  }
}

/** Writes the configuration files new, so that a half-written set of an attempt before is not mixed in. */
export async function writeConfiguration(folder: string, files: Record<string, string>): Promise<void> {
  const { config } = instanceFiles(folder);
  await rm(config, { recursive: true, force: true });
  await mkdir(config, { recursive: true, mode: 0o700 });
  for (const [path, content] of Object.entries(files)) {
    const file = join(config, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode: 0o600 });
  }
}
