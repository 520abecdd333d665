/** What every compute target has to keep, in the words of `providers/compute/port.ts`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OperationFault } from '../../domain/failures.ts';
import type { HealthCheck } from '../../domain/snapshot.ts';
import type { ComputeTarget, Instance, LogLine, RevisionSpec, Workload } from '../../providers/compute/port.ts';
import { until } from '../_support/until.ts';

export interface ComputeSetup {
  compute: ComputeTarget;
  /** A spec of the sample `reservations-api`. Workload, revision and replicas come from the suite. */
  spec(version: '1.4.1' | '1.4.2' | '1.5.0', change: Partial<RevisionSpec>): Promise<RevisionSpec>;
  stop(): Promise<void>;
}

const HEALTH: HealthCheck = { kind: 'http', path: '/healthz' };
const never = new AbortController().signal;

export function describeComputeTarget(name: string, setup: () => Promise<ComputeSetup>): void {
  describe(`compute target ${name}`, { timeout: 120_000 }, () => {
    let target: ComputeSetup;
    let fence = 0;
    const next = () => (fence += 1);

    beforeAll(async () => {
      target = await setup();
    }, 120_000);
    afterAll(async () => await target.stop(), 120_000);

    const workloadOf = (serviceId: string): Workload => ({
      tenantId: 'connectsoft',
      environmentId: 'env-0001',
      serviceId,
    });

    /** Runs a revision and waits until all its replicas are healthy. */
    async function run(workload: Workload, version: '1.4.1' | '1.4.2', replicas: number): Promise<RevisionSpec> {
      const spec = await target.spec(version, { workload, revision: revisionOf(version), replicas });
      await target.compute.ensure(spec, next());
      await healthy(workload, spec.revision, replicas);
      return spec;
    }

    async function healthy(workload: Workload, revision: string, replicas: number): Promise<Instance[]> {
      return await until(
        async () => {
          const instances = (await target.compute.instances(workload)).filter((each) => each.revision === revision);
          const looks = instances.map(async (instance) => await target.compute.health(instance, HEALTH));
          const samples = await Promise.all(looks);
          return samples.length === replicas && samples.every(({ status }) => status === 'healthy') && instances;
        },
        { what: `${replicas} healthy replicas of ${revision}` },
      );
    }

    async function slowRequestsOf(workload: Workload): Promise<number> {
      const lines = await collect(target.compute.logs(workload, { tail: 100, follow: false, signal: never }));
      return lines.filter(({ line }) => line.startsWith('a slow request')).length;
    }

    test('names the content behind a reference, the same each time', async () => {
      const image = 'acr.azurecr.io/reservations-api:1.4.2';
      const resolved = await target.compute.resolve(image);
      expect(resolved.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(await target.compute.resolve(image)).toEqual(resolved);
    });

    test.each(['acr.azurecr.io/reservations-api:9.9.9', '../../etc:1', 'a;rm -rf /:1', ''])(
      'answers ImageNotFound for the image "%s"',
      async (image) => {
        expect(await codeOf(target.compute.resolve(image))).toBe('ImageNotFound');
        const message = await target.compute.resolve(image).catch((error: Error) => error.message);
        expect(message).toContain(image);
      },
    );

    test('makes the same replicas once when ensure is repeated', async () => {
      const workload = workloadOf('repeated');
      const spec = await run(workload, '1.4.1', 2);
      const before = await target.compute.instances(workload);
      await target.compute.ensure(spec, fence);
      await target.compute.ensure(spec, next());
      await Promise.all([target.compute.ensure(spec, fence), target.compute.ensure(spec, fence)]);
      const after = await target.compute.instances(workload);
      expect(after).toEqual(before);
      expect(after.map(({ ordinal }) => ordinal)).toEqual([0, 1]);
      expect(new Set(after.map(({ address }) => address)).size).toBe(2);
    });

    test('gives the workload its environment and its files', async () => {
      const workload = workloadOf('configured');
      const change = {
        env: { PAYMENTS__PROVIDER: 'stripe "live" $HOME' },
        files: { 'app/settings.json': '{"a":1}', 'plain.txt': 'ü\n' },
      };
      const spec = await target.spec('1.4.1', { workload, revision: 'r1', replicas: 1, ...change });
      await target.compute.ensure(spec, next());
      await healthy(workload, 'r1', 1);
      const { endpoint } = await target.compute.shiftTraffic(workload, { r1: 100 }, next());
      const answer = (await (await fetch(endpoint)).json()) as { configuration: unknown };
      expect(answer.configuration).toEqual(change);
    });

    test('names the service that it cannot run', async () => {
      const workload = workloadOf('without-image');
      const spec = await target.spec('1.4.1', {
        workload,
        revision: 'r1',
        replicas: 1,
        digest: `sha256:${'0'.repeat(64)}`,
      });
      await expect(target.compute.ensure(spec, next())).rejects.toMatchObject({
        failure: { code: 'ImageNotFound', serviceId: 'without-image' },
      });
    });

    test('refuses a configuration file outside the configuration folder', async () => {
      const workload = workloadOf('escaping');
      for (const path of ['../evil', '/etc/evil', 'a/../../evil']) {
        const spec = await target.spec('1.4.1', { workload, revision: 'r1', replicas: 1, files: { [path]: 'x' } });
        expect(await codeOf(target.compute.ensure(spec, next()))).toBe('ConfigurationMissing');
      }
      expect(await target.compute.instances(workload)).toEqual([]);
    });

    test('takes the highest ordinals away when it scales down, and lets their requests in flight end', async () => {
      const workload = workloadOf('drained');
      const { revision } = await run(workload, '1.4.1', 2);
      const { endpoint } = await target.compute.shiftTraffic(workload, { [revision]: 100 }, next());
      const slow = Array.from({ length: 4 }, async () => (await fetch(`${endpoint}/?delayMs=1500`)).status);
      await until(async () => (await slowRequestsOf(workload)) === 4, { what: 'four requests in flight' });
      await target.compute.scale(workload, revision, 1, next());
      expect(await Promise.all(slow)).toEqual([200, 200, 200, 200]);
      expect((await target.compute.instances(workload)).map(({ ordinal }) => ordinal)).toEqual([0]);
      expect(await versionsSeen(endpoint, 10)).toEqual({ '1.4.1': 10 });
    });

    test('scales up without moving traffic to the new replicas', async () => {
      const workload = workloadOf('grown');
      const { revision } = await run(workload, '1.4.1', 1);
      const { endpoint } = await target.compute.shiftTraffic(workload, { [revision]: 100 }, next());
      await target.compute.scale(workload, revision, 2, next());
      const instances = await healthy(workload, revision, 2);
      const seen = await instancesSeen(endpoint, 10);
      expect(seen).toEqual(new Set([instances[0]?.instanceId]));
      const routed = async () =>
        (await target.compute.observe(workload)).find(({ serviceId }) => serviceId === 'grown')?.routed;
      expect(await routed()).toEqual({ [revision]: 1 });
      await target.compute.shiftTraffic(workload, { [revision]: 100 }, next());
      expect(await instancesSeen(endpoint, 10)).toEqual(new Set(instances.map(({ instanceId }) => instanceId)));
      expect(await routed()).toEqual({ [revision]: 2 });
    });

    test('shifts traffic to exactly the weights given', async () => {
      const workload = workloadOf('weighed');
      const old = await run(workload, '1.4.1', 1);
      const fresh = await run(workload, '1.4.2', 1);
      const first = await target.compute.shiftTraffic(workload, { [old.revision]: 100 }, next());
      expect(await versionsSeen(first.endpoint, 10)).toEqual({ '1.4.1': 10 });
      const second = await target.compute.shiftTraffic(workload, { [old.revision]: 75, [fresh.revision]: 25 }, next());
      expect(second.endpoint).toBe(first.endpoint);
      const seen = await versionsSeen(first.endpoint, 80);
      expect(seen['1.4.2']).toBeGreaterThan(10);
      expect(seen['1.4.2']).toBeLessThan(30);
      await target.compute.shiftTraffic(workload, { [fresh.revision]: 100 }, next());
      await target.compute.shiftTraffic(workload, { [fresh.revision]: 100 }, fence);
      expect(await versionsSeen(first.endpoint, 10)).toEqual({ '1.4.2': 10 });
    });

    test('retires a revision whole, repeatably, and leaves the other one serving', async () => {
      const workload = workloadOf('retired');
      const old = await run(workload, '1.4.1', 2);
      const fresh = await run(workload, '1.4.2', 1);
      const weights = { [old.revision]: 50, [fresh.revision]: 50 };
      const { endpoint } = await target.compute.shiftTraffic(workload, weights, next());
      const slow = Array.from({ length: 4 }, async () => (await fetch(`${endpoint}/?delayMs=1500`)).status);
      await until(async () => (await slowRequestsOf(workload)) === 4, { what: 'four requests in flight' });
      await target.compute.retire(workload, old.revision, next());
      await target.compute.retire(workload, old.revision, next());
      expect(await Promise.all(slow)).toEqual([200, 200, 200, 200]);
      expect(await versionsSeen(endpoint, 10)).toEqual({ '1.4.2': 10 });
      const [service] = (await target.compute.observe(workload)).filter(({ serviceId }) => serviceId === 'retired');
      expect(service?.revisions.map(({ revision }) => revision)).toEqual([fresh.revision]);
      expect(service?.traffic).toEqual({ [fresh.revision]: 100 });
    });

    test('leaves nothing of a workload that was retired and unrouted', async () => {
      const workload = workloadOf('gone');
      const { revision } = await run(workload, '1.4.1', 1);
      const { endpoint } = await target.compute.shiftTraffic(workload, { [revision]: 100 }, next());
      await target.compute.retire(workload, revision, next());
      await target.compute.unroute(workload, next());
      await target.compute.unroute(workload, next());
      await expect(fetch(endpoint)).rejects.toThrow();
      expect((await target.compute.observe(workload)).map(({ serviceId }) => serviceId)).not.toContain('gone');
      expect(await target.compute.instances(workload)).toEqual([]);
    });

    test('refuses a smaller fence on every mutating call, and changes nothing', async () => {
      const workload = workloadOf('fenced');
      const spec = await run(workload, '1.4.1', 1);
      await target.compute.shiftTraffic(workload, { [spec.revision]: 100 }, next());
      const before = [await target.compute.instances(workload), await target.compute.observe(workload)];
      const [old, { compute }] = [fence - 1, target];
      const late = await target.spec('1.4.2', { workload, revision: 'late', replicas: 1 });
      expect(await codeOf(compute.ensure(late, old))).toBe('FenceRefused');
      expect(await codeOf(compute.scale(workload, spec.revision, 3, old))).toBe('FenceRefused');
      expect(await codeOf(compute.shiftTraffic(workload, { [spec.revision]: 100 }, old))).toBe('FenceRefused');
      expect(await codeOf(compute.retire(workload, spec.revision, old))).toBe('FenceRefused');
      expect(await codeOf(compute.unroute(workload, old))).toBe('FenceRefused');
      expect([await compute.instances(workload), await compute.observe(workload)]).toEqual(before);
    });

    test('lets nothing of an earlier attempt come after a look with a fence', async () => {
      const workload = workloadOf('looked-at');
      const spec = await target.spec('1.4.1', { workload, revision: 'r1', replicas: 1 });
      const onItsWay = next();
      await target.compute.observe(workload, next());
      expect(await codeOf(target.compute.ensure(spec, onItsWay))).toBe('FenceRefused');
      expect(await codeOf(target.compute.observe(workload, onItsWay))).toBe('FenceRefused');
      await target.compute.observe(workload);
      expect(await target.compute.instances(workload)).toEqual([]);
    });

    test('tells what runs, and tells it to its tenant only', async () => {
      const workload = workloadOf('observed');
      const spec = await run(workload, '1.4.1', 2);
      const { endpoint } = await target.compute.shiftTraffic(workload, { [spec.revision]: 100 }, next());
      const services = await target.compute.observe(workload);
      expect(services.find(({ serviceId }) => serviceId === 'observed')).toEqual({
        serviceId: 'observed',
        revisions: [{ revision: spec.revision, image: spec.image, digest: spec.digest, replicas: 2 }],
        traffic: { [spec.revision]: 100 },
        routed: { [spec.revision]: 2 },
        endpoint,
      });
      const stranger = { ...workload, tenantId: 'another' };
      expect(await target.compute.observe(stranger)).toEqual([]);
      expect(await target.compute.instances(stranger)).toEqual([]);
    });

    test('says why a replica is not healthy, with its last lines', async () => {
      const workload = workloadOf('unhealthy');
      const spec = await target.spec('1.5.0', { workload, revision: 'r1', replicas: 1 });
      await target.compute.ensure(spec, next());
      const sample = await until(
        async () => {
          const [instance] = await target.compute.instances(workload);
          const look = instance && (await target.compute.health(instance, HEALTH));
          return look?.status === 'unhealthy' && look;
        },
        { what: 'an unhealthy sample' },
      );
      expect(sample.evidence).toMatch(/^GET \/healthz answered 503: \{"status":"Unhealthy"/);
      const lines = await collect(target.compute.logs(workload, { tail: 1, follow: false, signal: never }));
      expect(lines).toEqual([
        { instanceId: sample.instanceId, revision: 'r1', line: 'waiting for database schema 42: the database has 41' },
      ]);
    });

    test('follows the output of the replicas until it is told to stop', async () => {
      const workload = workloadOf('followed');
      const { revision } = await run(workload, '1.4.1', 1);
      const abort = new AbortController();
      const lines: LogLine[] = [];
      const following = (async () => {
        const options = { revision, tail: 10, follow: true, signal: abort.signal };
        for await (const line of target.compute.logs(workload, options)) lines.push(line);
      })();
      await until(() => lines.length > 0, { what: 'the first line' });
      await target.compute.scale(workload, revision, 2, next());
      await until(() => new Set(lines.map(({ instanceId }) => instanceId)).size === 2, { what: 'lines of both' });
      abort.abort();
      await following;
    });

    test('has no data about a replica that cannot be reached', async () => {
      const instance: Instance = {
        instanceId: 'nobody',
        revision: 'r1',
        ordinal: 0,
        state: 'running',
        startedAtMs: 1,
        restarts: 0,
        lastExitCode: null,
        address: '127.0.0.1:1',
      };
      for (const check of [HEALTH, { kind: 'tcp' }, { kind: 'grpc', service: '' }] as HealthCheck[]) {
        expect((await target.compute.health(instance, check)).status).toBe('noData');
      }
    });
  });
}

function revisionOf(version: string): string {
  return `r${version.replaceAll('.', '')}`;
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'no fault';
  } catch (error) {
    return error instanceof OperationFault ? error.failure.code : String(error);
  }
}

interface Answer {
  version: string;
  instance: string;
}

async function ask(endpoint: string, times: number): Promise<Answer[]> {
  return await Promise.all(Array.from({ length: times }, async () => (await (await fetch(endpoint)).json()) as Answer));
}

async function versionsSeen(endpoint: string, times: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { version } of await ask(endpoint, times)) counts[version] = (counts[version] ?? 0) + 1;
  return counts;
}

async function instancesSeen(endpoint: string, times: number): Promise<Set<string>> {
  return new Set((await ask(endpoint, times)).map(({ instance }) => instance));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
