/**
 * The supervisor: keeps every replica that is wanted alive. What is wanted is on disk, and the replicas do not depend on
 * this process: killed and started again it finds them by lock, pid and start time, and restarts none.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RevisionSpec, Workload } from '../../../providers/compute/port.ts';
import { openRedact, type Redact } from '../../../providers/secrets/port.ts';
import { Fences } from '../fences.ts';
import type { ImageStore } from '../images/image-store.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { namesIn } from '../names-in.ts';
import { Layout } from './layout.ts';
import { Ports } from './ports.ts';
import type { Replica, ShimCommand } from './replica.ts';
import type { GroupParts, RevisionGroup } from './revision-group.ts';
import { Service, serviceKey, type ServiceView } from './service.ts';

export interface SupervisorOptions {
  /** Its own folder. */
  folder: string;
  images: ImageStore;
  shim: ShimCommand;
  secrets: GroupParts['secrets'];
  /** What a workload is given between SIGTERM and SIGKILL. */
  graceMs: number;
  log(sentence: string): void;
}

type ServiceName = Pick<Workload, 'environmentId' | 'serviceId'>;

const LOOK_EVERY_MS = 250;

export class Supervisor {
  readonly #parts: GroupParts;
  readonly #fences: Fences;
  readonly #log: (sentence: string) => void;
  readonly #services = new Map<string, Service>();
  readonly #queue = new KeyedQueue();
  readonly #ending = new AbortController();
  #watch: Promise<void> = Promise.resolve();

  constructor({ folder, images, shim, secrets, graceMs, log }: SupervisorOptions) {
    const layout = new Layout(folder);
    this.#parts = { layout, images, shim, secrets, graceMs, ports: new Ports() };
    this.#fences = new Fences(layout.fences);
    this.#log = log;
  }

  /** Takes up what is on disk, finishes what was interrupted, and watches from then on. */
  async start(): Promise<void> {
    const { layout } = this.#parts;
    for (const environmentId of await namesIn(layout.services)) {
      for (const serviceId of await namesIn(join(layout.services, environmentId))) {
        await this.#service({ environmentId: environmentId as Workload['environmentId'], serviceId }).load();
      }
    }
    const services = [...this.#services.values()];
    this.#watch = this.#keepWatch();
    await Promise.all(services.map(async (service) => await this.#finish(service)));
  }

  /** @throws OperationFault `FenceRefused` */
  async claim(environmentId: string, fence: number): Promise<void> {
    await this.#fences.claim(environmentId, fence);
  }

  async ensure(spec: RevisionSpec, fence: number): Promise<void> {
    await this.#change(spec.workload, fence, async (service) => await service.ensure(spec));
  }

  async scale(name: ServiceName, revision: string, replicas: number, fence: number): Promise<void> {
    await this.#change(name, fence, async (service) => await service.scale(revision, replicas));
  }

  async retire(name: ServiceName, revision: string, fence: number): Promise<void> {
    await this.#change(name, fence, async (service) => await service.retire(revision));
  }

  async forget(name: ServiceName, fence: number): Promise<void> {
    await this.#change(name, fence, async (service) => {
      await service.forget();
      this.#services.delete(serviceKey(name));
    });
  }

  async view(name: ServiceName, tenantId: string): Promise<ServiceView | null> {
    const service = this.#services.get(serviceKey(name));
    return service?.belongsTo(tenantId) ? await service.view() : null;
  }

  async viewAll(environmentId: string, tenantId: string): Promise<ServiceView[]> {
    const services = [...this.#services.values()].filter((service) => service.environmentId === environmentId);
    const views = await Promise.all(services.map(async (service) => await this.view(service as ServiceName, tenantId)));
    return views.filter((view) => view !== null);
  }

  /** The replicas of a service now, by revision and ordinal. */
  replicas(name: ServiceName, tenantId: string): Replica[] {
    const service = this.#services.get(serviceKey(name));
    return service?.belongsTo(tenantId) ? service.groups.flatMap((group) => group.replicas) : [];
  }

  /** Takes the values of its secrets out of what a replica says. */
  async redactOf({ record }: Replica): Promise<Redact> {
    return await openRedact(this.#parts.secrets, record.secrets);
  }

  /** Ends the watch; with `stopReplicas` the replicas end too, but stay wanted and come back at the next start. */
  async stop({ stopReplicas }: { stopReplicas: boolean }): Promise<void> {
    this.#ending.abort();
    await this.#watch;
    if (stopReplicas) await Promise.all(this.#replicas(() => true).map(async (replica) => await replica.stop()));
  }

  /** The fence is looked at again when the call's turn has come: one that overtook it while it waited wins. */
  async #change(name: ServiceName, fence: number, act: (service: Service) => Promise<void>): Promise<void> {
    await this.claim(name.environmentId, fence);
    await this.#queue.run(serviceKey(name), async () => {
      await this.claim(name.environmentId, fence);
      await act(this.#service(name));
    });
  }

  #service(name: ServiceName): Service {
    const key = serviceKey(name);
    const known = this.#services.get(key);
    if (known) return known;
    const service = new Service(this.#parts, name.environmentId, name.serviceId);
    this.#services.set(key, service);
    return service;
  }

  async #finish(service: Service): Promise<void> {
    await this.#queue.run(serviceKey(service as ServiceName), async () => {
      for (const group of service.groups) {
        const { revision } = group.spec;
        try {
          await (group.retired ? service.retire(revision) : group.ensure(group.spec));
        } catch (error) {
          this.#log(`${service.serviceId} ${revision} is not as wanted: ${String(error)}`);
        }
      }
    });
  }

  async #keepWatch(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const looks = this.#replicas((group) => !group.retired).map(async (replica) => await replica.keep());
      for (const look of await Promise.allSettled(looks)) {
        if (look.status === 'rejected') this.#log(`a replica could not be looked after: ${String(look.reason)}`);
      }
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #replicas(of: (group: RevisionGroup) => boolean): Replica[] {
    return [...this.#services.values()].flatMap((service) =>
      service.groups.filter(of).flatMap((group) => group.replicas),
    );
  }
}
