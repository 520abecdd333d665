import { describe, expect, it } from 'vitest';
import { dependencyProblem, plan, planHash } from '../../domain/plan.ts';
import { restarted, revisionOf, type Snapshot, type SnapshotService } from '../../domain/snapshot.ts';

function service(serviceId: string, change: Partial<SnapshotService> = {}): SnapshotService {
  const content: Omit<SnapshotService, 'revision'> = {
    serviceId,
    image: `acr.azurecr.io/${serviceId}:1.4.1`,
    digest: `sha256:${'a'.repeat(64)}`,
    target: 'aks',
    replicas: 1,
    port: null,
    health: { kind: 'http', path: '/healthz' },
    env: {},
    resources: {},
    dependsOn: [],
    configurationId: null,
    configurationHash: null,
    ...change,
  };
  return { ...content, revision: revisionOf(content) };
}

const snapshot = (...services: SnapshotService[]): Snapshot => ({
  services: Object.fromEntries(services.map((one) => [one.serviceId, one])),
});

const actions = (live: Snapshot, wanted: Snapshot) =>
  plan(live, wanted).waves.map((wave) => wave.map((step) => `${step.action} ${step.serviceId}`));

describe('a plan', () => {
  it('takes what every object has for no service, and a service of such a name for one', () => {
    const name = 'constructor';
    expect(dependencyProblem({ a: { dependsOn: [name] } })).toEqual({ kind: 'unknown', service: 'a', dependsOn: name });
    const { waves } = plan(snapshot(), snapshot(service(name)));
    expect(waves).toMatchObject([[{ serviceId: name, action: 'roll', from: null }]]);
    expect(actions(snapshot(service(name)), snapshot())).toEqual([[`retire ${name}`]]);
    expect(actions(snapshot(service(name)), snapshot(service(name)))).toEqual([[`keep ${name}`]]);
    // A dependency that is not among them holds nothing back.
    expect(actions(snapshot(), snapshot(service('a', { dependsOn: [name] })))).toEqual([['roll a']]);
  });

  it('rolls what is new or another revision, scales what differs in replicas only, keeps the rest', () => {
    const live = snapshot(service('a'), service('b'), service('c'));
    const wanted = snapshot(
      service('a', { digest: `sha256:${'b'.repeat(64)}` }),
      service('b', { replicas: 3 }),
      service('c'),
      service('d'),
    );
    expect(actions(live, wanted)).toEqual([['roll a', 'scale b', 'keep c', 'roll d']]);
  });

  it('rolls a service whose configuration content changed under the same image', () => {
    const wanted = snapshot(service('a', { configurationId: 'cfg-2', configurationHash: 'other' }));
    expect(actions(snapshot(service('a')), wanted)).toEqual([['roll a']]);
  });

  it('rolls a service that is restarted, once per restart, and gives one that never was the revision it always had', () => {
    const before = service('a');
    expect(before.revision).toBe('r0718e42d3a1b');
    const once = restarted(before, 'dep-1');
    const twice = restarted(once, 'dep-2');
    expect(actions(snapshot(before), snapshot(once))).toEqual([['roll a']]);
    expect(actions(snapshot(once), snapshot(twice))).toEqual([['roll a']]);
    expect(restarted(once, 'dep-1')).toEqual(once);
    expect({ ...twice, restartedBy: undefined, revision: '' }).toEqual({ ...before, revision: '' });
  });

  it('rolls dependencies before what depends on them, and retires dependents first, last of all', () => {
    const live = snapshot(service('old-api', { dependsOn: ['old-db'] }), service('old-db'));
    const wanted = snapshot(
      service('web', { dependsOn: ['api'] }),
      service('api', { dependsOn: ['db'] }),
      service('db'),
    );
    expect(actions(live, wanted)).toEqual([
      ['roll db'],
      ['roll api'],
      ['roll web'],
      ['retire old-api'],
      ['retire old-db'],
    ]);
  });

  it('is empty of changes between equal snapshots, and equal plans have equal hashes', () => {
    const one = snapshot(service('a'), service('b'));
    const other = snapshot(service('b'), service('a'));
    expect(actions(one, other).flat()).toEqual(['keep a', 'keep b']);
    expect(planHash(plan(one, other))).toBe(planHash(plan(other, one)));
  });

  it('names an unknown dependency and the members of a cycle', () => {
    expect(dependencyProblem({ a: { dependsOn: ['x'] } })).toEqual({ kind: 'unknown', service: 'a', dependsOn: 'x' });
    expect(dependencyProblem({ a: { dependsOn: ['b'] }, b: { dependsOn: ['a'] }, c: { dependsOn: [] } })).toEqual({
      kind: 'cycle',
      services: ['a', 'b'],
    });
    expect(dependencyProblem({ a: { dependsOn: ['b'] }, b: { dependsOn: [] } })).toBeNull();
  });

  it('gives a service the same revision whatever its replicas, and another for anything that runs differently', () => {
    const base = service('a').revision;
    expect(service('a', { replicas: 9 }).revision).toBe(base);
    expect(service('a', { env: { LOG: 'debug' } }).revision).not.toBe(base);
    expect(service('a', { port: 8080 }).revision).not.toBe(base);
    expect(service('a', { health: { kind: 'tcp' } }).revision).not.toBe(base);
  });
});
