/** `/openapi.json` and `/docs`: the contract, to be read without a token. Both are rendered once. */
import { Router } from 'express';
import { openApiText, renderOpenApi } from '../openapi/document.ts';
import { PAGE_POLICY, renderPage } from '../openapi/page.ts';
import type { Surface } from '../surfaces.ts';

export const REFERENCE_PATHS = ['/openapi.json', '/docs'];

export function buildReference({ endpoints, about }: Surface): Router {
  const text = openApiText(endpoints, about);
  const page = renderPage(renderOpenApi(endpoints, about));
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/openapi.json', (_request, response) => {
    response.setHeader('content-type', 'application/json').end(text);
  });
  router.get('/docs', (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('content-security-policy', PAGE_POLICY).end(page);
  });
  return router;
}
