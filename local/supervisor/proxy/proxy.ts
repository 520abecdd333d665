/**
 * The routing table: on disk before it is applied, and taken up again at start without the supervisor or anyone else, so
 * that a proxy that was killed serves again at once.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Fences } from '../fences.ts';
import { readJson, writeJsonDurably } from '../files.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { namesIn } from '../names-in.ts';
import { Balancer } from './balancer.ts';
import { routeShape, type Route } from './input.ts';
import { ServiceListener } from './service-listener.ts';

export interface RouteView extends Route {
  /** Requests in flight per backend of the route. */
  inFlight: Record<string, number>;
}

interface Entry {
  route: Route;
  listener: ServiceListener;
}

type RouteName = Pick<Route, 'environmentId' | 'serviceId'>;

const RETRY_LISTEN_MS = 1_000;

export class Proxy {
  readonly #folder: string;
  readonly #fences: Fences;
  readonly #log: (sentence: string) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new KeyedQueue();
  readonly #ending = new AbortController();

  constructor(folder: string, log: (sentence: string) => void) {
    this.#folder = folder;
    this.#fences = new Fences(join(folder, 'fences'));
    this.#log = log;
  }

  /** Opens every route on disk. A port that is taken for the moment is tried again until it is free. */
  async start(): Promise<void> {
    const routes = join(this.#folder, 'routes');
    for (const environmentId of await namesIn(routes)) {
      for (const name of await namesIn(join(routes, environmentId))) {
        const route = routeShape.safeParse(await readJson(join(routes, environmentId, name)));
        if (route.success) await this.#restore(route.data);
      }
    }
  }

  /** @throws OperationFault `FenceRefused` */
  async claim(environmentId: string, fence: number): Promise<void> {
    await this.#fences.claim(environmentId, fence);
  }

  /** Resolves when requests follow the route and the backends that left it are drained; false: some were still busy. */
  async put(route: Route, fence: number, drainSeconds: number): Promise<boolean> {
    await this.claim(route.environmentId, fence);
    const entry = await this.#queue.run(keyOf(route), async () => {
      await this.claim(route.environmentId, fence);
      await writeJsonDurably(this.#file(route), route);
      return await this.#apply(route);
    });
    return await entry.listener.balancer.drained(drainSeconds * 1000);
  }

  async remove(name: RouteName, fence: number): Promise<void> {
    await this.claim(name.environmentId, fence);
    await this.#queue.run(keyOf(name), async () => {
      await this.claim(name.environmentId, fence);
      await rm(this.#file(name), { force: true });
      const entry = this.#entries.get(keyOf(name));
      this.#entries.delete(keyOf(name));
      await entry?.listener.close();
    });
  }

  get(name: RouteName): RouteView | null {
    const entry = this.#entries.get(keyOf(name));
    if (!entry) return null;
    const backends = entry.route.revisions.flatMap((revision) => revision.backends);
    const counts = backends.map((backend) => [backend, entry.listener.balancer.inFlight(backend)]);
    return { ...entry.route, inFlight: Object.fromEntries(counts) as Record<string, number> };
  }

  list(environmentId: string): RouteView[] {
    const routes = [...this.#entries.values()].map((entry) => entry.route);
    return routes.filter((route) => route.environmentId === environmentId).map((route) => this.get(route) as RouteView);
  }

  /** Lets the requests in flight end. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all([...this.#entries.values()].map(async ({ listener }) => await listener.close()));
  }

  async #apply(route: Route): Promise<Entry> {
    const before = this.#entries.get(keyOf(route));
    const moved = before && before.listener.port !== route.port;
    const listener = before && !moved ? before.listener : await ServiceListener.open(route.port, new Balancer());
    listener.balancer.set(route.revisions);
    const entry = { route, listener };
    this.#entries.set(keyOf(route), entry);
    if (moved) await before.listener.close();
    return entry;
  }

  async #restore(route: Route): Promise<void> {
    try {
      await this.#queue.run(keyOf(route), async () => await this.#apply(route));
    } catch (error) {
      this.#log(`the route of ${route.serviceId} cannot listen on ${route.port} yet: ${String(error)}`);
      void this.#restoreLater(route);
    }
  }

  async #restoreLater(route: Route): Promise<void> {
    await pause(RETRY_LISTEN_MS, undefined, { signal: this.#ending.signal }).catch(() => undefined);
    // A route that was put or removed meanwhile has had its last word.
    const current = await readJson<Route>(this.#file(route));
    if (this.#ending.signal.aborted || !current || this.#entries.has(keyOf(route))) return;
    await this.#restore(current);
  }

  #file({ environmentId, serviceId }: RouteName): string {
    return join(this.#folder, 'routes', environmentId, `${serviceId}.json`);
  }
}

function keyOf({ environmentId, serviceId }: RouteName): string {
  return `${environmentId}/${serviceId}`;
}
