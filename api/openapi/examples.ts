/** The example bodies of the contract, verbatim: by `METHOD route`, shown where an endpoint is mounted. */
import type { Json } from './types.ts';

const answers = (status: number, body: Json) => ({ status, body });

export const examples: Record<string, { request?: Json; answer?: { status: number; body: Json } }> = {
  'POST /runtime/environments': {
    request: {
      tenantId: 'connectsoft',
      projectId: 'proj-booking-saas',
      name: 'booking-prod-weu',
      stage: 'prod',
      region: 'westeurope',
      isolationModel: 'silo',
      computeTargets: ['aks', 'container-apps', 'functions', 'app-service'],
    },
    answer: answers(202, {
      environmentId: 'env-9f1c2b7d',
      status: 'Provisioning',
      traceId: 'trace-9f1c2b7d',
      pulumiStackRef: 'booking-prod-weu',
    }),
  },
  'POST /runtime/deployments': {
    request: {
      tenantId: 'connectsoft',
      environmentId: 'env-9f1c2b7d',
      releaseRef: 'release-2026.6.11',
      components: [
        { moduleId: 'module-reservations-api', image: 'acr.azurecr.io/reservations-api:1.4.2', target: 'aks' },
        { moduleId: 'module-billing-worker', image: 'acr.azurecr.io/billing-worker:1.4.2', target: 'container-apps' },
      ],
      configurationId: 'cfg-3a6e1d40',
      strategy: 'RollingHealthGated',
    },
  },
  'GET /runtime/services/{serviceId}/health': {
    answer: answers(200, {
      serviceId: 'module-reservations-api',
      environmentId: 'env-9f1c2b7d',
      status: 'Healthy',
      checks: [
        { name: 'self', status: 'Healthy' },
        { name: 'sql', status: 'Healthy', durationMs: 12 },
        { name: 'service-bus', status: 'Healthy', durationMs: 8 },
      ],
      evaluatedAt: '2026-06-11T18:00:00Z',
    }),
  },
  'POST /runtime/scaling-policies': {
    request: {
      tenantId: 'connectsoft',
      environmentId: 'env-9f1c2b7d',
      serviceId: 'module-reservations-api',
      target: 'aks',
      metric: 'cpu',
      minReplicas: 2,
      maxReplicas: 20,
      targetUtilizationPercent: 65,
      scaleToZero: false,
    },
  },
  'GET /runtime/drift/{environmentId}': {
    answer: answers(200, {
      environmentId: 'env-9f1c2b7d',
      findings: [
        {
          findingId: 'drift-1a2b',
          serviceId: 'module-reservations-api',
          kind: 'ImageVersionMismatch',
          desired: '1.4.2',
          actual: '1.4.1',
          severity: 'High',
          detectedAt: '2026-06-11T18:05:00Z',
        },
      ],
    }),
  },
};
