/** What is answered without a token: the probes, this document, and its page. */
import { refusalsWithoutToken } from './refusals.ts';
import { answer, refusal } from './responses.ts';
import type { Operation, Response, Schema } from './types.ts';

const STATUS: Schema = { type: 'object', required: ['status'], properties: { status: { const: 'ok' } } };

const READINESS: Schema = {
  type: 'object',
  required: ['status', 'checks'],
  properties: {
    status: { type: 'string', enum: ['ready', 'notReady', 'stopping'] },
    checks: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'needed', 'status'],
        properties: {
          name: { type: 'string' },
          needed: { type: 'boolean', description: 'Without one that is needed the process is not ready.' },
          status: { type: 'string', enum: ['ok', 'failed'] },
        },
      },
    },
  },
};

export const openPaths: Record<string, Record<string, Operation>> = {
  '/healthz': path('getHealthz', 'This process answers', {
    200: answer(200, 'application/json', STATUS),
  }),
  '/readyz': path('getReadyz', 'What this process needs and asks answers too, by name', {
    200: answer(200, 'application/json', READINESS),
    503: answer(503, 'application/json', READINESS, { extra: ['RetryAfter'] }),
  }),
  '/openapi.json': path('getOpenapiDocument', 'This document', {
    200: answer(200, 'application/json', { type: 'object', required: ['openapi', 'info', 'paths'] }),
  }),
  '/docs': path('getDocs', 'This document as a page to read', {
    200: answer(200, 'text/html; charset=utf-8', { type: 'string' }),
  }),
};

function path(operationId: string, summary: string, own: Record<string, Response>): Record<string, Operation> {
  const refusals = [...refusalsWithoutToken()].map(([status, codes]) => [status, refusal(status, codes)] as const);
  return {
    get: {
      operationId,
      summary,
      tags: ['platform'],
      security: [],
      parameters: [{ $ref: '#/components/parameters/Traceparent' }],
      responses: { ...own, ...Object.fromEntries(refusals) },
    },
  };
}
