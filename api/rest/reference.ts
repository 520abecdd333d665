/** `/openapi.json` and `/docs`: the contract, to be read without a token. Both are rendered once. */
import type { Express } from 'express';
import { openApiText, renderOpenApi } from '../openapi/document.ts';
import { PAGE_POLICY, renderPage } from '../openapi/page.ts';
import type { Surface } from '../surfaces.ts';

export const REFERENCE_PATHS = ['/openapi.json', '/docs'];

/** On the application itself: a router of their own would answer `OPTIONS` before anybody else. */
export function addReference(app: Express, { endpoints, about }: Surface): void {
  const text = openApiText(endpoints, about);
  const page = renderPage(renderOpenApi(endpoints, about));
  app.get('/openapi.json', (_request, response) => {
    response.setHeader('content-type', 'application/json').end(text);
  });
  app.get('/docs', (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('content-security-policy', PAGE_POLICY).end(page);
  });
}
