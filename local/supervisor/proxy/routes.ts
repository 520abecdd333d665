/** The proxy's admin API. */
import { Router, type Request } from 'express';
import { claimShape, environmentIdShape, nameShape } from '../input.ts';
import { fenceQueryShape, putRouteShape } from './input.ts';
import type { Proxy } from './proxy.ts';

export function proxyRoutes(proxy: Proxy): Router {
  const router = Router();
  const route = '/environments/:environmentId/routes/:serviceId';

  router.post('/environments/:environmentId/fence', async (req, res) => {
    await proxy.claim(environmentIdShape.parse(req.params.environmentId), claimShape.parse(req.body).fence);
    res.status(204).end();
  });

  router.get('/environments/:environmentId/routes', (req, res) => {
    res.json(proxy.list(environmentIdShape.parse(req.params.environmentId)));
  });

  router.get(route, (req, res) => {
    res.json(proxy.get(nameOf(req)));
  });

  router.put(route, async (req, res) => {
    const { fence, drainSeconds, port, revisions } = putRouteShape.parse(req.body);
    const drained = await proxy.put({ ...nameOf(req), port, revisions }, fence, drainSeconds);
    res.json({ drained });
  });

  router.delete(route, async (req, res) => {
    await proxy.remove(nameOf(req), fenceQueryShape.parse(req.query).fence);
    res.status(204).end();
  });

  return router;
}

function nameOf(req: Request) {
  const { environmentId, serviceId } = req.params;
  return { environmentId: environmentIdShape.parse(environmentId), serviceId: nameShape.parse(serviceId) };
}
