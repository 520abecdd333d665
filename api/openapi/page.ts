/** The document as one page to read: no script, nothing from elsewhere. */
import { createHash } from 'node:crypto';
import { STYLE } from './page-style.ts';
import { constraintsOf, escaped, prose, typeOf } from './page-text.ts';
import type { Media, OpenApiDocument, Operation, Parameter, Response, Schema } from './types.ts';

/** What the page may do: show its own style. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

interface Placed {
  method: string;
  path: string;
  operation: Operation;
}

export function renderPage(document: OpenApiDocument): string {
  const placed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Placed => ({ method, path, operation })),
  );
  const groups = document.tags.map(({ name }) => ({
    name,
    members: placed.filter(({ operation }) => operation.tags.includes(name)),
  }));
  const { title, version, description } = document.info;
  const nav = groups.map(({ name, members }) => `<h2>${escaped(name)}</h2><ul>${members.map(navEntry).join('')}</ul>`);
  const sections = groups.map(
    ({ name, members }) =>
      `<h2>${escaped(name)}</h2>${members.map((one) => article(one, document.components.parameters)).join('')}`,
  );
  const shapes = Object.entries(document.components.schemas);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><nav><b>${escaped(title)}</b> ${escaped(version)}<br><a href="/openapi.json">openapi.json</a>${nav.join('')}
<h2>shapes</h2><ul>${shapes.map(([name]) => `<li><a href="#${name}">${name}</a></li>`).join('')}</ul></nav>
<main><h1>${escaped(title)} ${escaped(version)}</h1>${prose(description)}${sections.join('')}
<h2>shapes</h2>${shapes.map(([name, schema]) => shapeArticle(name, schema)).join('')}</main></body></html>
`;
}

function navEntry({ method, path, operation }: Placed): string {
  const label = `<span class="method ${method}">${method.toUpperCase()}</span>${escaped(path.replace('/v1/runtime', ''))}`;
  return `<li><a href="#${operation.operationId}" title="${escaped(operation.summary)}">${label}</a></li>`;
}

function article({ method, path, operation }: Placed, known: Record<string, Parameter>): string {
  const { operationId, summary, description, requestBody, responses } = operation;
  const parameters = operation.parameters.flatMap((one) =>
    '$ref' in one ? (known[one.$ref.split('/').at(-1) ?? ''] ?? []) : one,
  );
  return `<article id="${operationId}"><h3><span class="method ${method}">${method.toUpperCase()}</span>${escaped(path)}</h3>
<p>${escaped(summary)}.</p>${description === undefined ? '<p>No token.</p>' : prose(description)}
${parameterTable(parameters)}
${requestBody ? `<h4>Body${requestBody.required ? '' : ' (may be left out)'}</h4>${mediaOf(requestBody.content)}` : ''}
<h4>Answers</h4><table class="answers">${Object.entries(responses).map(answerRow).join('')}</table></article>`;
}

function parameterTable(parameters: Parameter[]): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(
    ({ name, in: place, required, schema, description = '' }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${place}${required ? ', required' : ''}</td><td>${typeOf(schema)} ${constraintsOf(schema)}${prose(description)}</td></tr>`,
  );
  return `<h4>Parameters</h4><table class="parameters">${rows.join('')}</table>`;
}

function answerRow([status, { description, headers, content }]: [string, Response]): string {
  const own = Object.keys(headers).filter((name) => name !== 'cs-schema-version' && name !== 'x-trace-id');
  const carried = own.length === 0 ? '' : `<p>Headers: ${own.map((name) => `<code>${name}</code>`).join(', ')}</p>`;
  const body = Number(status) < 400 ? mediaOf(content) : '';
  return `<tr><td><b>${status}</b></td><td>${prose(description)}${carried}${body}</td></tr>`;
}

function mediaOf(content: Record<string, Media>): string {
  return Object.entries(content)
    .map(([type, { schema, example }]) => {
      const shown =
        example === undefined
          ? ''
          : `<details><summary>Example</summary><pre>${escaped(JSON.stringify(example, null, 2))}</pre></details>`;
      return `<p><code>${escaped(type)}</code> ${typeOf(schema)}</p>${shown}`;
    })
    .join('');
}

function shapeArticle(name: string, schema: Schema): string {
  const {
    description,
    properties = {},
    required = [],
  } = schema as {
    description?: string;
    properties?: Record<string, Schema>;
    required?: string[];
  };
  const rows = fieldsOf(properties, required, '').map(
    ({ path, schema: field, isRequired }) =>
      `<tr><td><code>${escaped(path)}</code>${isRequired ? '' : ' (optional)'}</td><td>${typeOf(field)} ${constraintsOf(field)}${typeof field.description === 'string' ? prose(field.description) : ''}</td></tr>`,
  );
  return `<article id="${name}"><h3>${name}</h3>${prose(description ?? '')}<table>${rows.join('')}</table></article>`;
}

/** Nested objects and the items of arrays are listed below their own field. */
function fieldsOf(
  properties: Record<string, Schema>,
  required: string[],
  prefix: string,
): { path: string; schema: Schema; isRequired: boolean }[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const isRequired = required.includes(name);
    const isList = schema.type === 'array';
    const inner = (isList ? schema.items : schema) as { properties?: Record<string, Schema>; required?: string[] };
    const path = `${prefix}${name}${isList ? '[]' : ''}`;
    return [{ path, schema, isRequired }, ...fieldsOf(inner.properties ?? {}, inner.required ?? [], `${path}.`)];
  });
}
