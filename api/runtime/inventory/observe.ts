import { observeService } from '../../../db/observed-services.ts';
import { PlatformError } from '../../../domain/errors.ts';
import { mutation } from '../../endpoint.ts';
import { checkNotAhead } from '../../not-ahead.ts';
import { observedBody, observedParams } from '../../shapes/observed.ts';
import { serviceAnswer } from '../../shapes/service.ts';
import { notThere } from '../../tenant-guard.ts';
import { renderService } from '../services/render.ts';

/** The inventory worker's own part of a service. What Slipway says of it cannot be written from here. */
export const observeInventory = mutation({
  method: 'PUT',
  route: '/runtime/internal/environments/{environmentId}/services/{serviceId}',
  scope: null,
  summary: 'Say what was seen of a service from outside',
  refuses: ['ServiceNotFound', 'ObservationOutdated'],
  input: { params: observedParams, body: observedBody },
  output: { 200: serviceAnswer },
  check: ({ body }) => checkNotAhead(body.observedAt, '/observedAt'),
  target: {
    notFound: 'EnvironmentNotFound',
    locate: (_tx, _tenantId, { params }) => Promise.resolve(params.environmentId),
  },
  async run(tx, { tenantId }, { params: { environmentId, serviceId }, body }) {
    const { tenantId: _stated, ...observed } = body;
    const found = await observeService(tx, { tenantId, environmentId }, serviceId, observed);
    if (found === 'missing') throw notThere('ServiceNotFound');
    if (found === 'outdated') {
      const message = 'Another revision is live, or somebody has looked at the service later than this.';
      throw new PlatformError('ObservationOutdated', message);
    }
    return { status: 200 as const, body: renderService(found), environmentId };
  },
});
