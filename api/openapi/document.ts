/** The OpenAPI 3.1 document of the REST surface, rendered from the one list of endpoints and their shapes. */
import type { Endpoint } from '../endpoint.ts';
import { VERSION_PREFIX } from '../paths.ts';
import { SCHEMA_VERSION } from '../schema-version.ts';
import { linkAnswers } from './links.ts';
import { openPaths } from './open-paths.ts';
import { commonParameters, operationOf } from './operation.ts';
import { headers, problemSchema } from './responses.ts';
import { openSchemas } from './schemas.ts';
import type { OpenApiDocument, Operation } from './types.ts';

const DESCRIPTION = `Environments, configurations, deployments and what runs.

- A path without \`${VERSION_PREFIX}\` is an alias that answers alike.
- What starts work answers 202: \`Location\` leads to what is made, \`Operation-Location\` to the work.
- Every response carries \`cs-schema-version\` and \`x-trace-id\`. \`GET\` paths answer \`HEAD\` too; another method is a 405.
- Refusals are \`application/problem+json\` with a stable \`code\`. A refused call has started and changed nothing.
- Who calls too often is answered 429 with \`Retry-After\`, the seconds to wait.
- Unknown fields of a request are refused. Answers may get new fields and new values within a version: leave aside what you do not know.
- The tenant is the token's. A \`tenantId\` in a body is optional and has to be the same.`;

export function renderOpenApi(endpoints: Endpoint[]): OpenApiDocument {
  const schemas = openSchemas();
  const paths: Record<string, Record<string, Operation>> = {};
  for (const endpoint of endpoints) {
    const path = (paths[VERSION_PREFIX + endpoint.route] ??= {});
    path[endpoint.method.toLowerCase()] = operationOf(endpoint, schemas);
  }
  Object.assign(paths, openPaths);
  const tags = new Set(Object.values(paths).flatMap((path) => Object.values(path).flatMap(({ tags }) => tags)));
  const sorted = Object.entries({ ...schemas.components, Problem: problemSchema }).sort(([a], [b]) => (a < b ? -1 : 1));
  const document: OpenApiDocument = {
    openapi: '3.1.0',
    info: {
      title: 'Slipway Runtime API',
      version: `${SCHEMA_VERSION}.0`,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'Where this document was read.' }],
    tags: [...tags].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'An access token of the configured OIDC issuer. What an operation lists is the scope it asks for.',
        },
      },
      parameters: commonParameters,
      headers,
      schemas: Object.fromEntries(sorted),
    },
  };
  linkAnswers(document);
  return document;
}

/** As it is served and as it is committed. */
export function openApiText(endpoints: Endpoint[]): string {
  return `${JSON.stringify(renderOpenApi(endpoints), null, 2)}\n`;
}
