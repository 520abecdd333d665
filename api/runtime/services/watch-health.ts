import { hasHealthSample, serviceWithHealth } from '../../../db/health.ts';
import { watch } from '../../endpoint.ts';
import { resumed, type Resumed } from '../../live/resumed.ts';
import { healthAnswer } from '../../shapes/health.ts';
import { serviceParams, serviceQuery } from '../../shapes/logs.ts';
import { renderHealthOf, type HealthAnswer } from './health-of.ts';
import { notThere } from '../../tenant-guard.ts';
import { byService, findService } from './locate.ts';

/** The present health, then every change of it: of the status, or of what the checks say. */
export const watchServiceHealth = watch<
  { params: typeof serviceParams; query: typeof serviceQuery },
  Resumed<HealthAnswer>
>({
  route: '/runtime/services/{serviceId}/health/events',
  scope: 'runtime.health.read',
  summary: 'Watch the health of a service',
  refuses: ['ServiceAmbiguous'],
  input: { params: serviceParams, query: serviceQuery },
  output: { 200: healthAnswer },
  target: byService,
  event: ({ value, isReset }) => ({ id: idOf(value), event: isReset ? 'reset' : 'health', data: value }),
  async run(tx, { tenantId }, { params, query }, { live }, lastEventId) {
    const { serviceId, environmentId } = await findService(tx, tenantId, params.serviceId, query.environmentId);
    const key = { tenantId, environmentId };
    const seen = lastEventId && Date.parse(lastEventId);
    const isKnown = !!seen && (await hasHealthSample(tx, key, serviceId, new Date(seen)));
    const source = live.view<Resumed<HealthAnswer>>({
      name: `health ${serviceId}`,
      key,
      async load(tx) {
        const service = await serviceWithHealth(tx, key, serviceId);
        if (!service) throw notThere('ServiceNotFound');
        return { value: renderHealthOf(key, serviceId, service.latest), isReset: false };
      },
      mark: ({ value: { status, checks } }) =>
        JSON.stringify([status, checks.map((check) => [check.name, check.status])]),
    });
    return resumed(source, { lastEventId, isKnown, idOf });
  },
});

/** Of a service that was not probed yet there is nothing to come back to. */
function idOf({ evaluatedAt }: HealthAnswer): string {
  return evaluatedAt ?? '';
}
