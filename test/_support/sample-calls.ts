/**
 * A call of every endpoint that a caller with the right token is answered well. The tests that hold for all endpoints
 * (authorization, idempotency, isolation) are generated from the list of endpoints and make these calls.
 *
 * A new endpoint: when it takes a body, add an entry to `SAMPLES`; when its path names a new kind of thing, make one in
 * `sample-world.ts`, or give it here as `params`. Nothing else: a `GET` of what the world has needs no entry.
 */
import type { Endpoint } from '../../api/endpoint.ts';
import { findServices } from '../../db/services.ts';
import { COMMANDS } from '../../domain/commands.ts';
import type { Scope } from '../../domain/scopes.ts';
import { deployBody, freshName, PROVISION } from './api-states.ts';
import { SCALING, SECRET, WORLD_IDS, type World, type WorldId } from './sample-world.ts';

export interface SampleCall {
  /** Of path parameters that are not among the world's ids. */
  params?: Record<string, string>;
  /** With its `?`. */
  query?: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** The scope that this call asks for, where the endpoint finds it on the way. */
  scope?: Scope;
  /** What the call is answered when nobody refuses it. @default any status of the endpoint's `output` */
  answers?: number;
}

/** May bring the world into a state first; it is made anew for every call that is meant to change something. */
type Sample = (world: World) => SampleCall | Promise<SampleCall>;

/** By `METHOD route`. No body states the tenant: it is the token's. */
export const SAMPLES: Record<string, Sample> = {
  'POST /runtime/environments': ({ stage }) => ({
    body: { ...PROVISION, tenantId: undefined, name: freshName(), stage },
  }),
  'PATCH /runtime/environments/{environmentId}': () => ({ body: { expiresAt: '2100-01-01T00:00:00Z' } }),
  'POST /runtime/configurations': ({ ids: { environmentId } }) => ({ body: { environmentId } }),
  'POST /runtime/deployments': ({ ids }) => ({ body: deployBody(ids.environmentId, { tenantId: undefined }) }),
  'POST /runtime/deployments/{deploymentId}/pause': ofOneOnItsWay,
  'POST /runtime/deployments/{deploymentId}/resume': ofOneOnItsWay,
  'POST /runtime/deployments/{deploymentId}/promote': ofOneOnItsWay,
  'POST /runtime/deployments/{deploymentId}/abort': ofOneOnItsWay,
  'POST /runtime/scaling-policies': ({ ids: { environmentId, serviceId } }) => ({
    body: { environmentId, serviceId, ...SCALING },
  }),
  'POST /runtime/secret-bindings': ({ ids: { environmentId, serviceId } }) => ({
    body: { environmentId, serviceId, secrets: [{ name: 'API_KEY', secret: SECRET }] },
  }),
  'POST /runtime/services/{serviceId}/restart': ({ ids }) => ({ query: `?environmentId=${ids.environmentId}` }),
  'GET /runtime/operations': () => ({ scope: 'runtime.environments.read' }),
  'GET /runtime/operations/{operationId}': () => ({ scope: 'runtime.deployments.read' }),
  'GET /runtime/configurations/{configurationId}/diff': ({ ids }) => ({ query: `?with=${ids.configurationId}` }),
  'GET /runtime/services/{serviceId}': ({ ids }) => ({ query: `?environmentId=${ids.environmentId}` }),
  'GET /runtime/services/{serviceId}/health': ({ ids }) => ({ query: `?environmentId=${ids.environmentId}` }),
  'GET /runtime/services/{serviceId}/health/events': ({ ids }) => ({ query: `?environmentId=${ids.environmentId}` }),
  'GET /runtime/services/{serviceId}/health/history': ({ ids }) => ({ query: `?environmentId=${ids.environmentId}` }),
  // No supervisor runs beside the API of the tests: a call that was let through gets as far as that.
  'GET /runtime/services/{serviceId}/logs': ({ ids }) => ({
    query: `?environmentId=${ids.environmentId}`,
    answers: 503,
  }),
  'POST /runtime/internal/tenant-bindings': ({ ids: { environmentId } }) => ({ body: { environmentId } }),
  'GET /runtime/internal/tenant-bindings/{tenantBindingId}': ofItsBinding,
  'POST /runtime/internal/tenant-bindings/{tenantBindingId}/revoke': ofItsBinding,
  'PUT /runtime/internal/environments/{environmentId}/services/{serviceId}': async (world) => ({
    body: { revision: await liveRevision(world), observedAt: new Date().toISOString(), status: 'Running' },
  }),
  'POST /runtime/internal/health-reports': ({ ids: { environmentId, serviceId } }) => ({
    headers: { 'content-type': 'application/x-ndjson' },
    body: `${JSON.stringify({ environmentId, serviceId, status: 'Healthy', checks: [], evaluatedAt: new Date() })}\n`,
  }),
};

/** Where the world's deployment has ended, a call that was let through gets as far as being refused for that. */
function ofOneOnItsWay({ onItsWay }: World): SampleCall {
  return onItsWay === undefined ? { answers: 409 } : { params: { deploymentId: onItsWay } };
}

async function ofItsBinding({ stand, key }: World): Promise<SampleCall> {
  const path = `/v1/runtime/internal/tenant-bindings?environmentId=${key.environmentId}`;
  const { body } = await stand.call('GET', path, { internal: true, token: { tenant: key.tenantId } });
  const [binding] = body.items as { tenantBindingId: string }[];
  return { params: { tenantBindingId: binding?.tenantBindingId ?? '' } };
}

async function liveRevision({ stand, key, ids }: World): Promise<string> {
  const rows = await stand.db.forTenant(key.tenantId, (tx) => findServices(tx, key.tenantId, ids.serviceId));
  return rows.find(({ environmentId }) => environmentId === key.environmentId)?.revision ?? '';
}

/** What a test sends, and what it is to know about the answer. */
export interface ReadyCall {
  endpoint: Endpoint;
  name: string;
  method: string;
  path: string;
  body: unknown;
  headers: Record<string, string>;
  scope: Scope;
  /** The statuses of a call that nobody refuses. */
  answers: number[];
}

/** Whether it commands a deployment on its way. */
export const isCommand = ({ route }: Endpoint) => COMMANDS.some((command) => route.endsWith(`}/${command}`));

export const nameOf = ({ method, route }: Endpoint) => `${method} ${route}`;

/** The call of this endpoint in this world. @throws Error a sentence that says what is missing and where to add it */
export async function sampleCall(endpoint: Endpoint, world: World): Promise<ReadyCall> {
  const name = nameOf(endpoint);
  const sample = (await SAMPLES[name]?.(world)) ?? {};
  const { query = '', headers = {}, body } = sample;
  const missing = whatIsMissing(endpoint, sample);
  if (missing) throw new Error(missing);
  const valueOf = (param: string) => sample.params?.[param] ?? world.ids[param as WorldId];
  const path = `/v1${endpoint.route.replaceAll(/\{(\w+)\}/g, (_all, param: string) => valueOf(param))}${query}`;
  const scope = typeof endpoint.scope === 'string' ? endpoint.scope : (sample.scope as Scope);
  const answers = sample.answers === undefined ? Object.keys(endpoint.output).map(Number) : [sample.answers];
  return { endpoint, name, method: endpoint.method, path, body, headers, scope, answers };
}

/** One sentence for whoever added an endpoint, or undefined. */
export function whatIsMissing(endpoint: Endpoint, sample?: SampleCall): string | undefined {
  const name = nameOf(endpoint);
  const at = `an entry '${name}' in SAMPLES (test/_support/sample-calls.ts)`;
  const has = sample ?? (name in SAMPLES ? undefined : {});
  if (!has) return undefined;
  const needsBody = endpoint.input.body && !endpoint.input.body.safeParse(undefined).success;
  if (needsBody && has.body === undefined) return `${name} takes a body: give one that it accepts by ${at}.`;
  if (typeof endpoint.scope === 'function' && !has.scope)
    return `${name} finds its scope on the way: say by ${at} which.`;
  const unknown = [...endpoint.route.matchAll(/\{(\w+)\}/g)].flatMap(([, param = '']) =>
    param in (has.params ?? {}) || (WORLD_IDS as readonly string[]).includes(param) ? [] : [param],
  );
  if (unknown.length === 0) return undefined;
  return `${name} names {${unknown.join('}, {')}}: make one in openWorld (test/_support/sample-world.ts), or give \`params\` by ${at}.`;
}
