/** Where an answer leads: to each operation whose path it has the ids for. */
import type { Link, OpenApiDocument, Operation, Schema } from './types.ts';

/** Adds `links` to the answers of the document. */
export function linkAnswers({ paths, components }: Pick<OpenApiDocument, 'paths' | 'components'>): void {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ operation, ids: idsOf(path) })),
  );
  for (const { operation } of operations) {
    for (const response of Object.entries(operation.responses).flatMap(([status, one]) =>
      Number(status) < 300 ? [one] : [],
    )) {
      const known = fieldsOf(response.content['application/json']?.schema ?? {}, components.schemas);
      const targets = operations.filter(
        ({ ids, operation: to }) => to !== operation && ids.length > 0 && ids.every((id) => known.includes(id)),
      );
      const links = targets.map(({ operation: to, ids }) => [to.operationId, linkTo(to, ids)] as const);
      if (links.length > 0) response.links = Object.fromEntries(links);
    }
  }
}

function linkTo({ operationId }: Operation, ids: string[]): Link {
  return { operationId, parameters: Object.fromEntries(ids.map((id) => [id, `$response.body#/${id}`])) };
}

function idsOf(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, id = '']) => id);
}

function fieldsOf(schema: Schema, named: Record<string, Schema>): string[] {
  const whole = typeof schema.$ref === 'string' ? (named[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema;
  return Object.entries((whole.properties ?? {}) as Record<string, Schema>).flatMap(([name, { type }]) =>
    type === 'string' ? [name] : [],
  );
}
