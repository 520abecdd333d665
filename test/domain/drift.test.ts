import { describe, expect, it } from 'vitest';
import { agreed, differences, tagOf, type Desired, type RunningService } from '../../domain/drift.ts';
import type { Scaling } from '../../domain/scaling.ts';
import { revisionOf, type SnapshotService } from '../../domain/snapshot.ts';

const API = 'module-reservations-api';

function service(change: Partial<SnapshotService> = {}): SnapshotService {
  const content = {
    serviceId: API,
    image: 'acr.azurecr.io/reservations-api:1.4.2',
    digest: 'sha256:2',
    target: 'aks' as const,
    replicas: 2,
    port: null,
    health: { kind: 'http' as const, path: '/healthz' },
    env: {},
    resources: {},
    dependsOn: [],
    configurationId: null,
    configurationHash: null,
    ...change,
  };
  return { ...content, revision: revisionOf(content) };
}

const wanted = service();

function running(change: Partial<RunningService['revisions'][number]> = {}, traffic?: RunningService['traffic']) {
  const { revision, image, digest, replicas } = wanted;
  const one = { revision, image, digest, replicas, ...change };
  return { serviceId: API, revisions: [one], traffic: traffic ?? { [one.revision]: 100 } };
}

function desired(change: Partial<SnapshotService> = {}, rest: Partial<Desired> = {}): Desired {
  const live = { services: { [API]: { ...wanted, ...change } } };
  return { live, policies: new Map(), known: new Map(), ...rest };
}

const policy: Scaling = {
  policyId: 'pol-1',
  target: 'aks',
  metric: 'cpu',
  minReplicas: 2,
  maxReplicas: 20,
  targetUtilizationPercent: 65,
  scaleToZero: false,
};
const found = (of: Desired, now: RunningService[]) =>
  differences(of, now).map(({ kind, desired: should, actual }) => [kind, should, actual]);

describe('the differences between the live release and what runs', () => {
  it('tell of a service that nobody deployed, also of one called like what objects have', () => {
    const strange = { ...running(), serviceId: 'constructor' };
    expect(differences(desired(), [running(), strange])).toMatchObject([
      { kind: 'UnexpectedService', subject: 'constructor' },
    ]);
  });

  it('are none when it runs as it should', () => {
    expect(differences(desired(), [running()])).toEqual([]);
    expect(differences({ ...desired(), live: { services: {} } }, [])).toEqual([]);
  });

  it("are the contract's example when another version runs", () => {
    const older = { revision: 'r-old', image: 'acr.azurecr.io/reservations-api:1.4.1', digest: 'sha256:1' };
    expect(differences(desired(), [running(older)])).toEqual([
      { kind: 'ImageVersionMismatch', subject: API, serviceId: API, desired: '1.4.2', actual: '1.4.1' },
    ]);
  });

  it.each<[string, Desired, RunningService[], string[][]]>([
    [
      'a digest that was swapped under its tag',
      desired(),
      [running({ digest: 'sha256:9' })],
      [['ImageVersionMismatch', 'sha256:2', 'sha256:9']],
    ],
    ['nothing that runs', desired(), [], [['MissingService', '1.4.2', 'none']]],
    ['no replica', desired(), [running({ replicas: 0 })], [['MissingService', '1.4.2', 'none']]],
    ['a service that should rest and does', desired({ replicas: 0 }), [], []],
    ['another number of replicas', desired(), [running({ replicas: 1 })], [['ReplicaCountMismatch', '2', '1']]],
    [
      'traffic that goes nowhere',
      desired(),
      [running({}, {})],
      [['TrafficMismatch', `${wanted.revision} 100 %`, 'none']],
    ],
    [
      'traffic that is split',
      desired(),
      [running({}, { [wanted.revision]: 90, other: 10 })],
      [['TrafficMismatch', `${wanted.revision} 100 %`, `${wanted.revision} 90 %, other 10 %`]],
    ],
    [
      'a service of nobody',
      desired(),
      [
        running(),
        {
          serviceId: 'miner',
          revisions: [{ revision: 'r', image: 'x/miner:3', digest: 'd', replicas: 1 }],
          traffic: {},
        },
      ],
      [['UnexpectedService', 'none', '3']],
    ],
    [
      'a policy in force that was not applied',
      desired({}, { policies: new Map([[API, policy]]) }),
      [running()],
      [['ScalingPolicyMismatch', '2 to 20 replicas at 65 % cpu', 'none']],
    ],
    [
      'other settings that nobody knows',
      desired(),
      [running({ revision: 'r-else' })],
      [['ConfigurationMismatch', wanted.revision, 'r-else']],
    ],
  ])('name %s', (_name, of, now, expected) => {
    expect(found(of, now)).toEqual(expected);
  });

  it('leave the number of replicas to the autoscaler within its bounds, and not beyond', () => {
    const of = desired({ scaling: policy }, { policies: new Map([[API, policy]]) });
    expect(found(of, [running({ replicas: 20 })])).toEqual([]);
    expect(found(of, [running({ replicas: 21 })])).toEqual([['ReplicaCountMismatch', '2', '21']]);
    expect(found(of, [running({ replicas: 1 })])).toEqual([['ReplicaCountMismatch', '2', '1']]);
  });

  it('tell another version of a secret from another configuration, by what earlier releases were made of', () => {
    const secrets = [{ name: 'API_KEY', ref: { namespace: 'env-1', name: 'api-key', version: 'v1' } }];
    const earlier = service({ secrets });
    const configured = service({ configurationHash: 'other' });
    const known = new Map([earlier, configured].map((one) => [one.revision, one]));
    const kinds = (revision: string) =>
      differences(desired({}, { known }), [running({ revision })]).map(({ kind }) => kind);
    expect(kinds(earlier.revision)).toEqual(['SecretVersionMismatch']);
    expect(kinds(configured.revision)).toEqual(['ConfigurationMismatch']);
  });
});

describe('two looks', () => {
  it('agree on what both show, as the later one shows it', () => {
    const [first] = differences(desired(), [running({ replicas: 1 })]);
    const [second] = differences(desired(), [running({ replicas: 3 })]);
    if (!first || !second) throw new Error('both differ');
    expect(agreed([first], [second])).toEqual([second]);
    expect(agreed([], [second])).toEqual([]);
    expect(agreed([first], [])).toEqual([]);
  });
});

it.each([
  ['acr.azurecr.io/reservations-api:1.4.2', '1.4.2'],
  ['localhost:5000/api', 'localhost:5000/api'],
  ['localhost:5000/api:2', '2'],
  [`acr.azurecr.io/api@sha256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(64)}`],
  [`acr.azurecr.io/api:1@sha256:${'a'.repeat(64)}`, '1'],
])('the version of %s is %s', (image, version) => {
  expect(tagOf(image)).toBe(version);
});
