/** What the proxy's admin API accepts, and what its table on disk holds. */
import { z } from 'zod';
import { environmentIdShape, fenceShape, nameShape, portShape } from '../input.ts';

const routeRevisionShape = z.object({
  revision: nameShape,
  /** Percent; all of a route add up to 100. */
  weight: z.number().int().min(0).max(100),
  backends: z.array(z.string().regex(/^127\.0\.0\.1:[0-9]{1,5}$/, 'not a loopback host:port')),
});

export const routeShape = z.object({
  environmentId: environmentIdShape,
  serviceId: nameShape,
  port: portShape,
  revisions: z.array(routeRevisionShape),
});

export const putRouteShape = z.object({
  fence: fenceShape,
  port: portShape,
  revisions: z.array(routeRevisionShape),
  /** How long to wait for the requests in flight on removed backends. */
  drainSeconds: z.number().min(0).max(600).default(10),
});

export const fenceQueryShape = z.object({ fence: fenceShape });

/** Where the requests of one service go. */
export type Route = z.infer<typeof routeShape>;
export type RouteRevision = z.infer<typeof routeRevisionShape>;
