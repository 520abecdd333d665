import { describe, expect, it } from 'vitest';
import { clampReplicas, type Scaling } from '../../domain/scaling.ts';
import { revisionOf, type SnapshotService } from '../../domain/snapshot.ts';

const policy: Scaling = {
  policyId: 'pol-1',
  target: 'aks',
  metric: 'cpu',
  minReplicas: 2,
  maxReplicas: 5,
  targetUtilizationPercent: 65,
  scaleToZero: false,
};

describe('a scaling policy', () => {
  it.each([
    [1, 2],
    [2, 2],
    [4, 4],
    [5, 5],
    [6, 5],
  ])('turns %i replicas into %i', (asked, given) => {
    expect(clampReplicas(asked, policy)).toBe(given);
  });

  it('that is not there leaves the number as it is', () => {
    expect(clampReplicas(7, null)).toBe(7);
  });

  it('makes no other revision of a service', () => {
    const service: Omit<SnapshotService, 'revision'> = {
      serviceId: 'a',
      image: 'a:1',
      digest: 'sha256:0',
      target: 'aks',
      replicas: 1,
      port: null,
      health: { kind: 'tcp' },
      env: {},
      resources: {},
      dependsOn: [],
      configurationId: null,
      configurationHash: null,
    };
    expect(revisionOf({ ...service, replicas: 2, scaling: policy })).toBe(revisionOf(service));
  });
});
