/** Brings a revision up on a platform under test and routes all traffic to it. */
import type { Instance, RevisionSpec } from '../../providers/compute/port.ts';
import { HTTP_HEALTH, WORKLOAD, type ComputePlatform } from '../_support/compute-platform.ts';
import { until } from '../_support/until.ts';

export interface Serving {
  spec: RevisionSpec;
  endpoint: string;
}

/** @param change as for `platform.spec`; fence 1. */
export async function serve(
  platform: ComputePlatform,
  change: Parameters<ComputePlatform['spec']>[0],
): Promise<Serving> {
  const spec = await platform.spec(change);
  await platform.compute.ensure(spec, 1);
  await allHealthy(platform, spec);
  const { endpoint } = await platform.compute.shiftTraffic(WORKLOAD, { [spec.revision]: 100 }, 1);
  return { spec, endpoint };
}

export async function allHealthy(
  platform: ComputePlatform,
  { revision, replicas, health }: RevisionSpec,
): Promise<Instance[]> {
  return await until(
    async () => {
      const instances = (await platform.compute.instances(WORKLOAD)).filter((each) => each.revision === revision);
      const looks = instances.map(async (instance) => await platform.compute.health(instance, health ?? HTTP_HEALTH));
      const samples = await Promise.all(looks);
      return instances.length === replicas && samples.every(({ status }) => status === 'healthy') && instances;
    },
    { what: `${replicas} healthy replicas of ${revision}` },
  );
}
