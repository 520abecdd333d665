/** The process that `bench/neighbours.ts` asks: the API with its limits, and an environment of each tenant. */
import { once } from 'node:events';
import { openRateLimits } from '../api/limits.ts';
import { openApiStand } from '../test/_support/api.ts';
import { readyEnvironment } from '../test/_support/api-states.ts';
import { leaveResponses } from '../test/_support/every-response.ts';
import type { Neighbour, Ready } from './neighbours.ts';

const [perSecond, ...tenants] = process.argv.slice(2);
const limit = { perSecond: Number(perSecond), burst: 5 * Number(perSecond) };

await using stand = await openApiStand();
const { rest } = await stand.start({ limits: openRateLimits({ tenant: limit, client: limit }) });
// What tests look at in every response would be measured too.
leaveResponses(rest.port);
const neighbours: Neighbour[] = [];
for (const tenant of tenants) {
  const { environmentId } = await readyEnvironment(stand, { tenantId: tenant });
  const url = `${rest.url}/v1/runtime/environments/${environmentId}`;
  neighbours.push({ url, token: await stand.token({ tenant }) });
}
process.send?.({ neighbours } satisfies Ready);
await once(process, 'disconnect');
