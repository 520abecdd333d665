/** Bodies that endpoints take, with every field that there is: by `METHOD route`. Of a feed, its lines. */

const environmentId = 'env-9f1c2b7d';
const serviceId = 'module-reservations-api';
const tenantId = 'connectsoft';
const time = '2100-01-01T00:00:00.5Z';

const component = {
  moduleId: serviceId,
  image: 'acr.azurecr.io/reservations-api:1.4.2',
  target: 'aks',
  port: 8080,
  health: { path: '/ready' },
  replicas: 2,
  env: { LEVEL: 'debug' },
  resources: { cpuMillicores: 500, memoryMib: 256 },
  dependsOn: ['module-billing-worker'],
};

export const FULL_BODIES: Record<string, unknown[]> = {
  'POST /runtime/environments': [
    {
      tenantId,
      projectId: 'proj-booking-saas',
      name: 'booking-prod-weu',
      stage: 'prod',
      region: 'westeurope',
      isolationModel: 'silo',
      computeTargets: ['aks', 'container-apps'],
      expiresAt: time,
    },
  ],
  'PATCH /runtime/environments/{environmentId}': [{ tenantId, computeTargets: ['aks'], expiresAt: time }],
  'POST /runtime/environments/{environmentId}/decommission': [{ tenantId, progressDeadlineSeconds: 900 }],
  'POST /runtime/configurations': [
    { tenantId, environmentId, values: { LEVEL: 'debug' }, files: { 'etc/app.json': '{}' } },
  ],
  'POST /runtime/deployments': [
    {
      tenantId,
      environmentId,
      releaseRef: 'release-2026.6.11',
      components: [component, { ...component, moduleId: 'module-billing-worker', health: { grpc: 'billing.Worker' } }],
      configurationId: 'cfg-3a6e1d40',
      strategy: 'Canary',
      rollout: {
        steps: [{ weightPercent: 20, bakeSeconds: 10, promotion: 'command' }],
        maxParallel: 1,
        minHealthySeconds: 10,
        healthyDeadlineSeconds: 60,
        progressDeadlineSeconds: 600,
        bakeSeconds: 0,
        autoRollback: true,
      },
      prune: false,
      onConflict: 'queue',
    },
    { tenantId, environmentId, fromDeploymentId: 'dep-7d3b9a10' },
  ],
  'POST /runtime/deployments/{deploymentId}/rollback': [{ tenantId, onConflict: 'queue' }],
  'POST /runtime/deployments/{deploymentId}/pause': [{ tenantId, reason: 'a look at it' }],
  'POST /runtime/deployments/{deploymentId}/resume': [{ tenantId, reason: 'it is well' }],
  'POST /runtime/deployments/{deploymentId}/promote': [{ tenantId, reason: 'it is well' }],
  'POST /runtime/deployments/{deploymentId}/abort': [{ tenantId, reason: 'not this one' }],
  'POST /runtime/scaling-policies': [
    {
      tenantId,
      environmentId,
      serviceId,
      target: 'aks',
      metric: 'cpu',
      minReplicas: 2,
      maxReplicas: 20,
      targetUtilizationPercent: 65,
      scaleToZero: false,
    },
  ],
  'POST /runtime/secret-bindings': [
    {
      tenantId,
      environmentId,
      serviceId,
      secrets: [
        { name: 'API_KEY', vault: 'booking-prod-weu', secret: 'api-key', version: '3' },
        { name: 'B', secret: 'b' },
      ],
    },
  ],
  'POST /runtime/services/{serviceId}/restart': [{ tenantId, onConflict: 'queue' }],
  'POST /runtime/approvals/{approvalId}/approve': [{ tenantId, comment: 'as agreed' }],
  'POST /runtime/approvals/{approvalId}/reject': [{ tenantId, comment: 'not now' }],
  'POST /runtime/drift/{environmentId}/scan': [{ tenantId }],
  'POST /runtime/internal/tenant-bindings': [
    { tenantId, environmentId, quota: { services: 10, replicas: 100, operations: 5 } },
  ],
  'POST /runtime/internal/tenant-bindings/{tenantBindingId}/revoke': [{ tenantId }],
  'PUT /runtime/internal/environments/{environmentId}/services/{serviceId}': [
    {
      tenantId,
      revision: 'r-1',
      observedAt: time,
      status: 'Running',
      replicas: 2,
      digest: `sha256:${'0'.repeat(64)}`,
      endpoints: ['https://booking.example.org/api'],
    },
  ],
  'POST /runtime/internal/health-reports': [
    {
      tenantId,
      environmentId,
      serviceId,
      status: 'Healthy',
      checks: [{ name: 'sql', status: 'Healthy', durationMs: 12 }],
      evaluatedAt: time,
    },
  ],
};
