/** The arithmetic of routes: pure, so that every mutating call computes the same wanted route however often it runs. */
import type { Instance, TrafficWeights } from './port.ts';

export interface RouteRevision {
  revision: string;
  weight: number;
  backends: string[];
}

/** As the proxy tells it. */
export interface ProxyRoute {
  serviceId: string;
  port: number;
  revisions: RouteRevision[];
}

/** Only revisions that get traffic are routed, so that one whose weight falls to zero is drained. */
export function routeRevisions(weights: TrafficWeights, instances: readonly Instance[]): RouteRevision[] {
  return Object.entries(weights)
    .filter(([, weight]) => weight > 0)
    .map(([revision, weight]) => {
      const backends = instances.filter((instance) => instance.revision === revision).map(({ address }) => address);
      return { revision, weight, backends };
    });
}

/** The route without these addresses. */
export function withoutBackends(revisions: readonly RouteRevision[], addresses: ReadonlySet<string>): RouteRevision[] {
  return revisions.map((entry) => ({
    ...entry,
    backends: entry.backends.filter((backend) => !addresses.has(backend)),
  }));
}

/** The route without a revision; the shares of the others grow in proportion to 100 percent. */
export function withoutRevision(revisions: readonly RouteRevision[], revision: string): RouteRevision[] {
  const left = revisions.filter((entry) => entry.revision !== revision);
  const total = left.reduce((sum, entry) => sum + entry.weight, 0);
  if (total === 100 || total === 0) return left;
  const grown = left.map((entry) => ({ ...entry, weight: Math.floor((entry.weight * 100) / total) }));
  const missing = 100 - grown.reduce((sum, entry) => sum + entry.weight, 0);
  return grown.map((entry, index) => (index === 0 ? { ...entry, weight: entry.weight + missing } : entry));
}

export function weightsOf(revisions: readonly RouteRevision[]): TrafficWeights {
  return Object.fromEntries(revisions.map(({ revision, weight }) => [revision, weight]));
}

export function backendCounts(revisions: readonly RouteRevision[]): Record<string, number> {
  return Object.fromEntries(revisions.map(({ revision, backends }) => [revision, backends.length]));
}
