/** One service of an environment: its stable port and its revisions. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationFault } from '../../../domain/failures.ts';
import type { Instance, ObservedRevision, RevisionSpec, Workload } from '../../../providers/compute/port.ts';
import { readJson, writeJsonDurably } from '../files.ts';
import { namesIn } from '../names-in.ts';
import { placementShape } from './input.ts';
import type { RevisionRecord, ServiceRecord } from './layout.ts';
import { portRanges } from './ports.ts';
import { RevisionGroup, type GroupParts } from './revision-group.ts';

/** What the admin API tells about a service. */
export interface ServiceView {
  serviceId: string;
  port: number;
  revisions: ObservedRevision[];
  instances: Instance[];
}

export class Service {
  readonly environmentId: string;
  readonly serviceId: string;
  readonly #parts: GroupParts;
  readonly #groups = new Map<string, RevisionGroup>();
  #record: ServiceRecord | null = null;

  constructor(parts: GroupParts, environmentId: string, serviceId: string) {
    this.#parts = parts;
    this.environmentId = environmentId;
    this.serviceId = serviceId;
  }

  get groups(): RevisionGroup[] {
    return [...this.#groups.values()];
  }

  belongsTo(tenantId: string): boolean {
    return this.#record?.tenantId === tenantId;
  }

  async load(): Promise<void> {
    const { layout, ports } = this.#parts;
    const { environmentId, serviceId } = this;
    this.#record = await readJson<ServiceRecord>(layout.serviceRecord(environmentId, serviceId));
    if (this.#record) ports.hold(this.#record.port);
    for (const revision of await namesIn(join(layout.service(environmentId, serviceId), 'revisions'))) {
      const record = await readJson<RevisionRecord>(layout.revisionRecord(environmentId, serviceId, revision));
      if (!record) continue;
      const group = new RevisionGroup(this.#parts, record);
      this.#groups.set(revision, group);
      await group.load();
    }
  }

  async ensure(spec: RevisionSpec): Promise<void> {
    if (this.#record && this.#record.tenantId !== spec.workload.tenantId) throw this.#unknown(spec.revision);
    const group = this.#groups.get(spec.revision) ?? new RevisionGroup(this.#parts, { spec, retired: false });
    // From now on, for whoever looks meanwhile: what is not seen is not taken away.
    this.#groups.set(spec.revision, group);
    try {
      await this.#parts.images.open(spec.digest);
      await this.#takePort(spec);
      await group.ensure(spec);
    } finally {
      if (!group.onDisk) this.#groups.delete(spec.revision);
    }
  }

  /** @throws OperationFault `InternalFault` when there is no such revision. */
  async scale(revision: string, replicas: number): Promise<void> {
    const group = this.#groups.get(revision);
    if (!group) throw this.#unknown(revision);
    await group.ensure({ ...group.spec, replicas });
  }

  async retire(revision: string): Promise<void> {
    await this.#groups.get(revision)?.retire();
    this.#groups.delete(revision);
  }

  /** Gives the port back and leaves nothing on disk. Only without revisions. */
  async forget(): Promise<void> {
    if (this.#groups.size > 0) {
      const message = `${this.serviceId} still has revisions: ${[...this.#groups.keys()].join(', ')}`;
      throw new OperationFault({ code: 'InternalFault', message });
    }
    await rm(this.#parts.layout.service(this.environmentId, this.serviceId), { recursive: true, force: true });
    if (this.#record) this.#parts.ports.release(this.#record.port);
    this.#record = null;
  }

  /** Null while it has no port: nothing of it was ever made. */
  async view(): Promise<ServiceView | null> {
    if (!this.#record) return null;
    const groups = this.groups.sort((a, b) => (a.spec.revision < b.spec.revision ? -1 : 1));
    const instances = groups.flatMap((group) => group.replicas.map(async (replica) => await replica.describe()));
    return {
      serviceId: this.serviceId,
      port: this.#record.port,
      revisions: groups.map(({ spec: { revision, image, digest }, replicas }) => {
        return { revision, image, digest, replicas: replicas.length };
      }),
      instances: await Promise.all(instances),
    };
  }

  async #takePort({ workload: { tenantId }, placement }: RevisionSpec): Promise<void> {
    if (this.#record) return;
    const [port] = await this.#parts.ports.take(portRanges(placementShape.parse(placement)).services, 1);
    const record = { tenantId, port: port as number };
    await writeJsonDurably(this.#parts.layout.serviceRecord(this.environmentId, this.serviceId), record);
    this.#record = record;
  }

  #unknown(revision: string): OperationFault {
    const message = `${this.serviceId} has no revision ${revision} here`;
    return new OperationFault({ code: 'InternalFault', message });
  }
}

/** The key under which the calls about a service wait for each other. */
export function serviceKey({ environmentId, serviceId }: Pick<Workload, 'environmentId' | 'serviceId'>): string {
  return `${environmentId}/${serviceId}`;
}
