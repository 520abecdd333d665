/** The OpenAPI 3.1 document of the REST surface, rendered from the one list of endpoints and their shapes. */
import type { Endpoint } from '../endpoint.ts';
import { VERSION_PREFIX } from '../paths.ts';
import { SCHEMA_VERSION } from '../schema-version.ts';
import { PUBLIC_API, type About } from './about.ts';
import { linkAnswers } from './links.ts';
import { openPaths } from './open-paths.ts';
import { commonParameters, operationOf } from './operation.ts';
import { headers, problemSchema } from './responses.ts';
import { openSchemas } from './schemas.ts';
import type { OpenApiDocument, Operation } from './types.ts';

/** @param about @default that of the public API */
export function renderOpenApi(endpoints: Endpoint[], about: About = PUBLIC_API): OpenApiDocument {
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
      title: about.title,
      version: `${SCHEMA_VERSION}.0`,
      description: about.description,
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
          description: about.token,
        },
      },
      parameters: usedBy(paths, 'parameters', commonParameters),
      headers: usedBy(paths, 'headers', headers),
      schemas: Object.fromEntries(sorted),
    },
  };
  linkAnswers(document);
  return document;
}

/** Those of the shared `parts` that something in `paths` refers to. */
function usedBy<T>(paths: OpenApiDocument['paths'], kind: string, parts: Record<string, T>): Record<string, T> {
  const text = JSON.stringify(paths);
  return Object.fromEntries(Object.entries(parts).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)));
}

/** As it is served and as it is committed. */
export function openApiText(endpoints: Endpoint[], about?: About): string {
  return `${JSON.stringify(renderOpenApi(endpoints, about), null, 2)}\n`;
}
