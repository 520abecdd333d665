/** `/openapi.json` and `/docs`: the contract, to be read without a token. Both are rendered once. */
import { Router } from 'express';
import type { Endpoint } from '../endpoint.ts';
import { openApiText, renderOpenApi } from '../openapi/document.ts';
import { PAGE_POLICY, renderPage } from '../openapi/page.ts';

export const REFERENCE_PATHS = ['/openapi.json', '/docs'];

export function buildReference(endpoints: Endpoint[]): Router {
  const text = openApiText(endpoints);
  const page = renderPage(renderOpenApi(endpoints));
  const router = Router({ caseSensitive: true });
  router.get('/openapi.json', (_request, response) => {
    response.setHeader('content-type', 'application/json').end(text);
  });
  router.get('/docs', (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('content-security-policy', PAGE_POLICY).end(page);
  });
  return router;
}
