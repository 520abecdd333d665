/** The replicas of one revision, and the steps that bring them to the number wanted. Its owner serialises the calls. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationFault } from '../../../domain/failures.ts';
import type { RevisionSpec } from '../../../providers/compute/port.ts';
import type { SecretStore } from '../../../providers/secrets/port.ts';
import { readJson, writeJsonDurably } from '../files.ts';
import type { ImageStore } from '../images/image-store.ts';
import { instanceFiles, type InstanceRecord } from '../instance-record.ts';
import { namesIn } from '../names-in.ts';
import { placementShape } from './input.ts';
import { assertInnerPaths, instanceRecordOf, writeConfiguration } from './instance-record-of.ts';
import type { Layout, RevisionRecord } from './layout.ts';
import { portRanges, type Ports } from './ports.ts';
import { Replica, type ShimCommand } from './replica.ts';

export interface GroupParts {
  layout: Layout;
  images: ImageStore;
  ports: Ports;
  shim: ShimCommand;
  graceMs: number;
  /** Asked whether a version is there before a replica that needs it is made; read where what a replica says is told. */
  secrets: Pick<SecretStore, 'has' | 'read'>;
}

export class RevisionGroup {
  readonly #parts: GroupParts;
  readonly #replicas = new Map<number, Replica>();
  #record: RevisionRecord;
  #onDisk = false;

  constructor(parts: GroupParts, record: RevisionRecord) {
    this.#parts = parts;
    this.#record = record;
  }

  get spec(): RevisionSpec {
    return this.#record.spec;
  }

  get retired(): boolean {
    return this.#record.retired;
  }

  /** Whether its wanted end is on disk: from then on it exists, whatever went wrong after. */
  get onDisk(): boolean {
    return this.#onDisk;
  }

  /** By ordinal. */
  get replicas(): Replica[] {
    return [...this.#replicas.values()].sort((a, b) => a.record.ordinal - b.record.ordinal);
  }

  /** Finds the replicas that a supervisor before this one recorded; those that run are left as they are. */
  async load(): Promise<void> {
    this.#onDisk = true;
    const folder = join(this.#folder(), 'instances');
    for (const name of await namesIn(folder)) {
      const record = await readJson<InstanceRecord>(instanceFiles(join(folder, name)).record);
      // Without a record no shim was started, and the folder is a leftover of the moment before.
      if (!record) await rm(join(folder, name), { recursive: true, force: true });
      else this.#add(join(folder, name), record);
    }
  }

  /**
   * Remembers `spec` as wanted, then makes exactly its replicas exist.
   * @throws OperationFault `ImageNotFound`, `PortsExhausted`, `ConfigurationMissing`, `SecretNotFound`; nothing was changed then.
   */
  async ensure(spec: RevisionSpec): Promise<void> {
    assertInnerPaths(spec.files);
    if (spec.replicas > this.#replicas.size) await this.#assertSecrets(spec);
    const ordinals = [...Array(spec.replicas).keys()].filter((ordinal) => !this.#replicas.has(ordinal));
    const image = await this.#parts.images.open(spec.digest);
    const range = portRanges(placementShape.parse(spec.placement)).replicas;
    const ports = await this.#parts.ports.take(range, ordinals.length);
    const { environmentId, serviceId } = spec.workload;
    const { layout, graceMs } = this.#parts;
    try {
      await this.#remember({ spec, retired: false });
      while (ordinals.length > 0 && ports.length > 0) {
        const [ordinal, port] = [ordinals[0] as number, ports[0] as number];
        const folder = layout.instance(environmentId, serviceId, spec.revision, ordinal);
        const record = instanceRecordOf(spec, image, { folder, ordinal, port, graceMs });
        await writeConfiguration(folder, spec.files);
        await writeJsonDurably(instanceFiles(folder).record, record);
        ordinals.shift();
        ports.shift();
        await this.#add(folder, record).keep();
      }
    } finally {
      for (const port of ports) this.#parts.ports.release(port);
    }
    await this.#removeFrom(spec.replicas);
  }

  async retire(): Promise<void> {
    await this.#remember({ spec: { ...this.spec, replicas: 0 }, retired: true });
    await this.#removeFrom(0);
    await rm(this.#folder(), { recursive: true, force: true });
  }

  async #assertSecrets({ secrets = [], workload: { serviceId } }: RevisionSpec): Promise<void> {
    for (const { ref } of secrets) {
      if (await this.#parts.secrets.has(ref)) continue;
      const message = `${serviceId} is bound to version ${ref.version} of ${ref.name}, which is not in the vault.`;
      throw new OperationFault({ code: 'SecretNotFound', message, serviceId });
    }
  }

  async #removeFrom(ordinal: number): Promise<void> {
    const surplus = this.replicas.filter((replica) => replica.record.ordinal >= ordinal);
    await Promise.all(
      surplus.map(async (replica) => {
        await replica.remove();
        this.#replicas.delete(replica.record.ordinal);
        this.#parts.ports.release(replica.record.port);
      }),
    );
  }

  async #remember(record: RevisionRecord): Promise<void> {
    await writeJsonDurably(join(this.#folder(), 'revision.json'), record);
    this.#record = record;
    this.#onDisk = true;
  }

  #add(folder: string, record: InstanceRecord): Replica {
    const replica = new Replica(folder, this.spec.revision, record, this.#parts.shim);
    this.#replicas.set(record.ordinal, replica);
    this.#parts.ports.hold(record.port);
    return replica;
  }

  #folder(): string {
    const { environmentId, serviceId } = this.spec.workload;
    return this.#parts.layout.revision(environmentId, serviceId, this.spec.revision);
  }
}
