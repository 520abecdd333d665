/** The supervisor's admin API. */
import { once } from 'node:events';
import { Router, type Request, type Response } from 'express';
import type { ImageStore } from '../images/image-store.ts';
import { claimShape, environmentIdShape, nameShape } from '../input.ts';
import * as shapes from './input.ts';
import { readLogs } from './logs.ts';
import type { Replica } from './replica.ts';
import type { Supervisor } from './supervisor.ts';

export function supervisorRoutes(supervisor: Supervisor, images: ImageStore): Router {
  const router = Router();
  const service = '/environments/:environmentId/services/:serviceId';

  router.get('/images', async (req, res) => {
    res.json(await images.resolve(shapes.imageQueryShape.parse(req.query).reference));
  });

  router.post('/environments/:environmentId/fence', async (req, res) => {
    await supervisor.claim(environmentIdShape.parse(req.params.environmentId), claimShape.parse(req.body).fence);
    res.status(204).end();
  });

  router.get('/environments/:environmentId/services', async (req, res) => {
    const { tenantId } = shapes.tenantQueryShape.parse(req.query);
    res.json(await supervisor.viewAll(environmentIdShape.parse(req.params.environmentId), tenantId));
  });

  router.get(service, async (req, res) => {
    const { tenantId } = shapes.tenantQueryShape.parse(req.query);
    res.json(await supervisor.view(serviceOf(req), tenantId));
  });

  router.put(`${service}/revisions/:revision`, async (req, res) => {
    const { spec, fence } = shapes.ensureShape.parse(req.body);
    const name = serviceOf(req);
    const workload = { ...spec.workload, ...name };
    await supervisor.ensure({ ...spec, workload, revision: nameShape.parse(req.params.revision) }, fence);
    res.status(204).end();
  });

  router.put(`${service}/revisions/:revision/replicas`, async (req, res) => {
    const { replicas, fence } = shapes.scaleShape.parse(req.body);
    await supervisor.scale(serviceOf(req), nameShape.parse(req.params.revision), replicas, fence);
    res.status(204).end();
  });

  router.delete(`${service}/revisions/:revision`, async (req, res) => {
    const { fence } = shapes.fenceQueryShape.parse(req.query);
    await supervisor.retire(serviceOf(req), nameShape.parse(req.params.revision), fence);
    res.status(204).end();
  });

  router.delete(service, async (req, res) => {
    await supervisor.forget(serviceOf(req), shapes.fenceQueryShape.parse(req.query).fence);
    res.status(204).end();
  });

  router.get(`${service}/logs`, async (req, res) => await sendLogs(supervisor, req, res));

  return router;
}

/** One JSON object a line, for as long as the caller listens. */
async function sendLogs(supervisor: Supervisor, req: Request, res: Response): Promise<void> {
  const { tenantId, revision, tail, follow } = shapes.logQueryShape.parse(req.query);
  const name = serviceOf(req);
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  const wanted = () => {
    const replicas = supervisor.replicas(name, tenantId);
    return revision === undefined ? replicas : replicas.filter((replica) => replica.revision === revision);
  };
  res.type('application/x-ndjson').flushHeaders();
  const redactOf = (replica: Replica) => supervisor.redactOf(replica);
  for await (const line of readLogs(wanted, { tail, follow, signal: gone.signal, redactOf })) {
    const written = res.write(`${JSON.stringify(line)}\n`);
    if (!written && !gone.signal.aborted) await once(res, 'drain', { signal: gone.signal }).catch(() => undefined);
    if (gone.signal.aborted) return;
  }
  res.end();
}

function serviceOf(req: Request) {
  const { environmentId, serviceId } = req.params;
  return { environmentId: environmentIdShape.parse(environmentId), serviceId: nameShape.parse(serviceId) };
}
