/** Holds an answer against the published document: its status, headers, media type, body and code have to be in there. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { renderOpenApi } from '../../api/openapi/document.ts';
import type { Header, OpenApiDocument, Operation, Response, Schema } from '../../api/openapi/types.ts';
import { INTERNAL, PUBLIC } from '../../api/surfaces.ts';

export interface Observed {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  text: string;
}

export interface Contract {
  document: OpenApiDocument;
  /** @throws Error saying where the answer and the document differ */
  checkAnswer(observed: Observed): void;
  /** Whether a request's body is one that the document describes. */
  isDescribedBody(method: string, path: string, body: unknown): boolean;
}

const PROBLEM = '/components/schemas/Problem';

function openContract(document: OpenApiDocument): Contract {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)));
  ajv.addSchema({ $id: 'https://contract.invalid/', ...(closed(document) as object) });
  // What is JSON within a string (the data of an event) is held against its schema too.
  ajv.removeKeyword('contentSchema').addKeyword({
    keyword: 'contentSchema',
    type: 'string',
    compile: (schema: Schema) => (text: string) =>
      validate(JSON.stringify(schema), absolute(schema), JSON.parse(text)) === undefined,
  });
  const validators = new Map<string, ValidateFunction>();
  return { document, checkAnswer, isDescribedBody };

  function checkAnswer(observed: Observed): void {
    const { method, path, status, headers, text } = observed;
    const say = (what: string) => new Error(`${method} ${path} answered ${status}: ${what}\n${text.slice(0, 2000)}`);
    const found = find(method, path);
    const response = found?.operation.responses[String(status)] ?? (found ? undefined : elsewhere(path, status));
    if (!response) throw say('the document has no such status');
    for (const [name, header] of Object.entries(response.headers)) {
      const { required = false, schema } = headerOf(header);
      const value = headers.get(name);
      if (value === null && required) throw say(`the header ${name} is missing`);
      if (value !== null) explain(validate(JSON.stringify(schema), schema, value), (what) => say(`${name}: ${what}`));
    }
    const type = headers.get('content-type') ?? '';
    if (Object.keys(response.content).length === 0 && text === '' && type === '') return;
    if (!(type in response.content)) throw say(`the document has no media type ${type}`);
    const lines = linesOf(type, text);
    if (method === 'HEAD' || !lines) return;
    const pointer = found ? `${found.pointer}/responses/${status}/content/${escape(type)}/schema` : PROBLEM;
    for (const one of lines) {
      explain(validate(pointer, { $ref: `https://contract.invalid/#${pointer}` }, JSON.parse(one)), say);
    }
  }

  function isDescribedBody(method: string, path: string, body: unknown): boolean {
    const found = find(method, path);
    if (!found?.operation.requestBody) return body === undefined;
    const pointer = `${found.pointer}/requestBody/content/application~1json/schema`;
    return validate(pointer, { $ref: `https://contract.invalid/#${pointer}` }, body) === undefined;
  }

  function find(method: string, path: string): { operation: Operation; pointer: string } | undefined {
    const bare = path.split('?')[0] ?? '';
    const versioned = bare.startsWith('/runtime/') ? `/v1${bare}` : bare;
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    for (const [template, methods] of Object.entries(document.paths)) {
      const operation = methods[verb];
      if (operation && matches(template, versioned)) {
        return { operation, pointer: `/paths/${escape(template)}/${verb}` };
      }
    }
    return undefined;
  }

  /** What is no operation of the document is a 404 by its path, or a 405 by its method; to who floods, a 429. */
  function elsewhere(path: string, status: number): Response | undefined {
    const isKnown = ['get', 'post', 'put', 'patch', 'delete'].some((method) => find(method, path));
    if (status !== (isKnown ? 405 : 404) && status !== 429) return undefined;
    const { SchemaVersion, TraceId } = document.components.headers as Record<string, Header>;
    const headers = { 'cs-schema-version': SchemaVersion as Header, 'x-trace-id': TraceId as Header };
    return { description: '', headers, content: { 'application/problem+json': { schema: {} } } };
  }

  function headerOf(header: Header | { $ref: string }): Header {
    return '$ref' in header ? (document.components.headers[header.$ref.split('/').at(-1) ?? ''] as Header) : header;
  }

  function validate(key: string, schema: Schema, value: unknown): string | undefined {
    const validator = validators.get(key) ?? ajv.compile(schema);
    validators.set(key, validator);
    return validator(value) ? undefined : ajv.errorsText(validator.errors);
  }
}

export const publicContract = openContract(renderOpenApi(PUBLIC.endpoints, PUBLIC.about));
export const internalContract = openContract(renderOpenApi(INTERNAL.endpoints, INTERNAL.about));
export const { document, checkAnswer, isDescribedBody } = publicContract;

/** What has the schema of the answer: the whole, or each of its lines or events; null where it is no JSON. */
function linesOf(type: string, text: string): string[] | null {
  if (type === 'text/event-stream') return eventsOf(text);
  if (!type.includes('json')) return null;
  return type.includes('ndjson') ? text.split('\n').filter(Boolean) : [text];
}

/** Each whole event as an object of its fields; what has no data is none. */
function eventsOf(text: string): string[] {
  const whole = text.slice(0, text.lastIndexOf('\n\n') + 1).split('\n\n');
  return whole.flatMap((block) => {
    const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2)));
    return 'data' in fields ? [JSON.stringify(fields)] : [];
  });
}

/** Looks up in the document what a schema of it names there. */
function absolute(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', '"$ref":"https://contract.invalid/#')) as Schema;
}

function matches(template: string, path: string): boolean {
  const pattern = template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${pattern}/?$`).test(path);
}

function explain(problem: string | undefined, say: (what: string) => Error): void {
  if (problem !== undefined) throw say(problem);
}

function escape(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** Published answers are open for what later versions add; today's have no field that the document does not know. */
function closed(json: unknown, key = ''): unknown {
  if (Array.isArray(json)) return json.map((item) => closed(item));
  if (typeof json !== 'object' || json === null) return json;
  const entries = Object.entries(json).map(([name, value]) => [name, name === 'Problem' ? value : closed(value, name)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  const isShape = copy.type === 'object' && 'properties' in copy && 'required' in copy && key !== 'allOf';
  return isShape && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
}
