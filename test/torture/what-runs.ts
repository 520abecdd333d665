/** Where what is live is, and in what an environment is not what its rows say, each in a sentence: processes, traffic, and who answers. */
import { runningWorkloads } from '../_support/workloads.ts';
import { keyOf, type World } from './world.ts';

interface EnvironmentView {
  status: string;
  inventory: { services: { serviceId: string; revision: string; replicas: number; endpoint: string | null }[] };
}

async function rowOf({ operator }: World, environmentId: string): Promise<EnvironmentView> {
  return (await operator.rest.get<EnvironmentView>(`/v1/runtime/environments/${environmentId}`)).body;
}

/** Where what is live is reached. */
export async function liveEndpointsOf(world: World, environmentId: string): Promise<string[]> {
  const { services } = (await rowOf(world, environmentId)).inventory;
  return services.map(({ endpoint }) => endpoint ?? '');
}

/** Nothing may be under way in it. */
export async function differencesOf(world: World, environmentId: string): Promise<string[]> {
  const { status, inventory } = await rowOf(world, environmentId);
  const { services } = inventory;
  const wanted = services.map(({ serviceId, revision, replicas }) => `${serviceId} ${revision} ×${replicas} 100 %`);
  const observed = (await world.compute.observe(keyOf(environmentId))).map(({ serviceId, revisions, traffic }) => {
    const each = revisions.map(({ revision, replicas }) => `${revision} ×${replicas} ${traffic[revision] ?? 0} %`);
    return `${serviceId} ${each.join(', ')}`;
  });
  const processes = runningWorkloads(world.platform.home)
    .filter((workload) => workload.environmentId === environmentId)
    .map(({ instance }) => instance);
  const instances = services.flatMap(({ serviceId, revision, replicas }) =>
    Array.from({ length: replicas }, (_, ordinal) => `${serviceId}-${revision}-${ordinal}`),
  );
  const answers = services.map(async ({ endpoint }) =>
    endpoint === null ? 'no endpoint' : await (await fetch(endpoint, { headers: { connection: 'close' } })).text(),
  );
  return [
    ...differs('its status', 'Ready', status),
    ...differs('what is observed', listed(wanted), listed(observed)),
    ...differs('the processes', listed(instances), listed(processes)),
    ...differs('who answers', listed(instances), listed(await Promise.all(answers))),
  ];
}

const listed = (of: string[]) => of.toSorted().join('; ');

function differs(what: string, wanted: string, is: string): string[] {
  return is === wanted ? [] : [`${what}: "${is}", not "${wanted}"`];
}
