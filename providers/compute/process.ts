/**
 * ComputeTarget `process`: replicas are processes of this machine, kept by the supervisor; the proxy gives each service
 * one endpoint. Both keep fences of their own, so a mutating call claims its fence at both before it changes either.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { EnvironmentKey } from '../../domain/ids.ts';
import { OperationFault } from '../../domain/failures.ts';
import { openRedact, type SecretStore } from '../secrets/port.ts';
import type * as port from './port.ts';
import { AdminClient } from './process-client.ts';
import { lookAtHealth } from './process-health.ts';
import { readLines } from './process-lines.ts';
import {
  backendCounts,
  routeRevisions,
  weightsOf,
  withoutBackends,
  withoutRevision,
  type ProxyRoute,
  type RouteRevision,
} from './process-routes.ts';

export interface ProcessComputeOptions {
  supervisorUrl: string;
  proxyUrl: string;
  /** Bearer token of both admin APIs. */
  token: string;
  /** The vault of the replicas' secrets: what a health answer says is told without their values. */
  secrets: Pick<SecretStore, 'read'>;
  /** How long requests in flight may take when their replica is to go. Default 10. */
  drainSeconds?: number;
  fetch?: typeof fetch;
}

/** As the supervisor tells it. */
interface ServiceView {
  serviceId: string;
  port: number;
  revisions: port.ObservedRevision[];
  instances: port.Instance[];
}

/** Stopping replicas takes a grace period, and a call may wait for its turn. */
const CHANGE_TIMEOUT_MS = 60_000;
const LOGS_AGAIN_MS = 500;

export function processCompute(options: ProcessComputeOptions): port.ComputeTarget {
  return new ProcessCompute(options);
}

class ProcessCompute implements port.ComputeTarget {
  readonly #supervisor: AdminClient;
  readonly #proxy: AdminClient;
  readonly #secrets: ProcessComputeOptions['secrets'];
  readonly #drainSeconds: number;
  readonly #fetch: typeof fetch;

  constructor(options: ProcessComputeOptions) {
    const { supervisorUrl, proxyUrl, token, secrets, drainSeconds = 10, fetch: own = fetch } = options;
    this.#secrets = secrets;
    this.#supervisor = new AdminClient({ name: 'supervisor', url: supervisorUrl, token, fetch: own });
    this.#proxy = new AdminClient({ name: 'proxy', url: proxyUrl, token, fetch: own });
    this.#drainSeconds = drainSeconds;
    this.#fetch = own;
  }

  async resolve(image: string): Promise<port.ResolvedImage> {
    return await this.#supervisor.call(['images'], { query: { reference: image } });
  }

  async ensure(spec: port.RevisionSpec, fence: number): Promise<void> {
    await this.#claim(spec.workload, fence);
    await this.#drainSurplus(spec.workload, spec.revision, spec.replicas, fence);
    await this.#change(spec.workload, ['revisions', spec.revision], 'PUT', { fence, spec });
  }

  async scale(workload: port.Workload, revision: string, replicas: number, fence: number): Promise<void> {
    await this.#claim(workload, fence);
    await this.#drainSurplus(workload, revision, replicas, fence);
    await this.#change(workload, ['revisions', revision, 'replicas'], 'PUT', { fence, replicas });
  }

  async instances(workload: port.Workload): Promise<port.Instance[]> {
    return (await this.#view(workload))?.instances ?? [];
  }

  async health(instance: port.Instance, check: Parameters<port.ComputeTarget['health']>[1]) {
    const { instanceId, startedAtMs, restarts } = instance;
    const redact = await openRedact(this.#secrets, instance.secrets);
    const begunMs = Date.now();
    const look = await lookAtHealth(instance.address, check, this.#fetch, redact);
    const atMs = Date.now();
    return { instanceId, startedAtMs, restarts, atMs, tookMs: atMs - begunMs, ...look };
  }

  async shiftTraffic(workload: port.Workload, weights: port.TrafficWeights, fence: number) {
    await this.#claim(workload, fence);
    const view = await this.#view(workload);
    const missing = Object.keys(weights).filter((name) => !view?.revisions.some(({ revision }) => revision === name));
    if (!view || missing.length > 0) {
      const message = `${workload.serviceId} has no revision ${missing.join(', ')} to route to`;
      throw new OperationFault({ code: 'InternalFault', message, serviceId: workload.serviceId });
    }
    await this.#route(workload, view.port, routeRevisions(weights, view.instances), fence);
    return { endpoint: endpointOf(view.port) };
  }

  async retire(workload: port.Workload, revision: string, fence: number): Promise<void> {
    await this.#claim(workload, fence);
    const route = await this.#proxy.call<ProxyRoute | null>(routePath(workload));
    // Put again even when nothing of it is routed any more: an attempt before may have ended before it was drained.
    if (route) await this.#route(workload, route.port, withoutRevision(route.revisions, revision), fence);
    await this.#change(workload, ['revisions', revision], 'DELETE', undefined, fence);
  }

  async unroute(workload: port.Workload, fence: number): Promise<void> {
    await this.#claim(workload, fence);
    const query = { fence: String(fence) };
    await this.#proxy.call(routePath(workload), { method: 'DELETE', query, timeoutMs: CHANGE_TIMEOUT_MS });
    await this.#change(workload, [], 'DELETE', undefined, fence);
  }

  async observe({ environmentId, tenantId }: EnvironmentKey, fence?: number): Promise<port.ObservedService[]> {
    if (fence !== undefined) await this.#claim({ environmentId }, fence);
    const path = ['environments', environmentId];
    const [services, routes] = await Promise.all([
      this.#supervisor.call<ServiceView[]>([...path, 'services'], { query: { tenantId } }),
      this.#proxy.call<ProxyRoute[]>([...path, 'routes']),
    ]);
    const observed = services.map(({ serviceId, revisions }) => {
      const route = routes.find((entry) => entry.serviceId === serviceId);
      const endpoint = route ? endpointOf(route.port) : null;
      const routed = route?.revisions ?? [];
      return { serviceId, revisions, traffic: weightsOf(routed), routed: backendCounts(routed), endpoint };
    });
    return observed.filter(({ revisions, endpoint }) => revisions.length > 0 || endpoint !== null);
  }

  /** With `follow` a supervisor that is restarted meanwhile is asked again; only what it wrote in between is missed. */
  async *logs(workload: port.Workload, options: port.LogOptions): AsyncGenerator<port.LogLine> {
    let { tail } = options;
    const { revision, follow, signal } = options;
    while (!signal.aborted) {
      const query = {
        tenantId: workload.tenantId,
        tail: String(tail),
        follow: String(follow),
        ...(revision ? { revision } : {}),
      };
      try {
        const response = await this.#supervisor.open([...servicePath(workload), 'logs'], { query }, signal);
        for await (const line of readLines(response)) yield JSON.parse(line) as port.LogLine;
        if (!follow) return;
      } catch (error) {
        if (signal.aborted) return;
        if (!follow) throw error;
      }
      tail = 0;
      await pause(LOGS_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #claim({ environmentId }: Pick<EnvironmentKey, 'environmentId'>, fence: number): Promise<void> {
    const path = ['environments', environmentId, 'fence'];
    await this.#supervisor.call(path, { method: 'POST', body: { fence } });
    await this.#proxy.call(path, { method: 'POST', body: { fence } });
  }

  /** Takes the replicas that will go out of the route first. */
  async #drainSurplus(workload: port.Workload, revision: string, replicas: number, fence: number): Promise<void> {
    const instances = await this.instances(workload);
    const surplus = instances.filter((instance) => instance.revision === revision && instance.ordinal >= replicas);
    if (surplus.length === 0) return;
    const route = await this.#proxy.call<ProxyRoute | null>(routePath(workload));
    if (!route) return;
    const going = new Set(surplus.map(({ address }) => address));
    await this.#route(workload, route.port, withoutBackends(route.revisions, going), fence);
  }

  async #route(workload: port.Workload, listenPort: number, revisions: RouteRevision[], fence: number): Promise<void> {
    const body = { fence, port: listenPort, revisions, drainSeconds: this.#drainSeconds };
    const timeoutMs = this.#drainSeconds * 1000 + CHANGE_TIMEOUT_MS;
    await this.#proxy.call(routePath(workload), { method: 'PUT', body, timeoutMs });
  }

  async #change(
    workload: port.Workload,
    of: string[],
    method: 'PUT' | 'DELETE',
    body: unknown,
    fence?: number,
  ): Promise<void> {
    const query: Record<string, string> = fence === undefined ? {} : { fence: String(fence) };
    const { serviceId } = workload;
    const call = { method, body, query, serviceId, timeoutMs: CHANGE_TIMEOUT_MS };
    await this.#supervisor.call([...servicePath(workload), ...of], call);
  }

  async #view(workload: port.Workload): Promise<ServiceView | null> {
    return await this.#supervisor.call(servicePath(workload), { query: { tenantId: workload.tenantId } });
  }
}

function servicePath({ environmentId, serviceId }: port.Workload): string[] {
  return ['environments', environmentId, 'services', serviceId];
}

function routePath({ environmentId, serviceId }: port.Workload): string[] {
  return ['environments', environmentId, 'routes', serviceId];
}

function endpointOf(listenPort: number): string {
  return `http://127.0.0.1:${listenPort}`;
}
