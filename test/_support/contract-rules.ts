/** What the published document keeps to beyond being valid: a rule gives back a line for each place that breaks it. */
import type { Json, OpenApiDocument, Operation } from '../../api/openapi/types.ts';

export type Rule = (document: OpenApiDocument) => string[];

/** The contract's own exceptions from the plural. */
const SINGULAR = ['drift', 'audit', 'health', 'internal'];

interface Named {
  /** `GET /v1/…` */
  name: string;
  method: string;
  path: string;
  operation: Operation;
}

const operationsOf = (document: OpenApiDocument): Named[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...{ method, path, operation },
      name: `${method.toUpperCase()} ${path}`,
    })),
  );

/** The parts of the paths below the version and the product's name. */
const partsOf = (path: string) => (path.startsWith('/v1/') ? path.split('/').slice(3) : []);
const isParameter = (part = '') => part.startsWith('{');

const whole = (test: (document: OpenApiDocument, path: string) => string[]): Rule => {
  return (document) => Object.keys(document.paths).flatMap((path) => test(document, path));
};
const each = (isBroken: (one: Named) => boolean): Rule => {
  return (document) => operationsOf(document).flatMap((one) => (isBroken(one) ? [one.name] : []));
};

export const RULES: Record<string, Rule> = {
  'paths are lower-case and hyphenated': whole((_document, path) =>
    partsOf(path).filter((part) => !isParameter(part) && !/^[a-z]+(?:-[a-z]+)*$/.test(part)),
  ),
  'parameters of paths are ids in camelCase': whole((_document, path) =>
    partsOf(path).filter((part) => isParameter(part) && !/^\{[a-z]+(?:[A-Z][a-z]+)*Id\}$/.test(part)),
  ),
  'collections are plural': whole((_document, path) => {
    const parts = partsOf(path);
    const isCollection = (part: string, index: number) =>
      !isParameter(part) && (index === 0 || isParameter(parts[index + 1]));
    return parts.filter((part, index) => isCollection(part, index) && !SINGULAR.includes(part) && !/[^s]s$/.test(part));
  }),
  'what stands last below an id is a collection that can be read, or an action that is posted': whole(
    (document, path) => {
      const parts = partsOf(path);
      const last = parts.at(-1) ?? '';
      const isBelow = parts.length > 1 && isParameter(parts.at(-2)) && !isParameter(last);
      const methods = Object.keys(document.paths[path] ?? {});
      return isBelow && methods.includes('post') && methods.includes('get') && !/s$/.test(last) ? [path] : [];
    },
  ),
  'paths end without a slash and have no query': whole((_document, path) => (/.\/$|\?/.test(path) ? [path] : [])),
  'every parameter of a path is declared, and no other': each(({ path, operation }) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();
    const declared = operation.parameters.flatMap((one) => ('in' in one && one.in === 'path' ? [one.name] : []));
    return named.join() !== declared.sort().join();
  }),
  'parameters of an operation have different names': each(({ operation }) => {
    const names = operation.parameters.map((one) => ('name' in one ? `${one.in} ${one.name}` : one.$ref));
    return new Set(names).size !== names.length;
  }),
  'properties and queries are camelCase': (document) => {
    const queries = operationsOf(document).flatMap(({ operation }) =>
      operation.parameters.flatMap((one) => ('in' in one && one.in !== 'header' ? [one.name] : [])),
    );
    const names = new Set([...propertiesOf(document as unknown as Json), ...queries]);
    return [...names].filter((name) => !/^[a-z]+(?:[A-Z]?[a-z0-9]+)*$/.test(name));
  },
  'operations have ids of their own, in camelCase': (document) => {
    const ids = operationsOf(document).map(({ operation }) => operation.operationId);
    return ids.filter((id, index) => ids.indexOf(id) !== index || !/^[a-z][A-Za-z0-9]*$/.test(id));
  },
  'operations say in a few words what they are for': each(
    ({ operation: { summary } }) => !/^[A-Z].{4,}[^.]$/.test(summary),
  ),
  'operations have one tag, which the document lists': (document) => {
    const known = document.tags.map(({ name }) => name);
    const isTagged = ({ tags }: Operation) => tags.length === 1 && known.includes(tags[0] ?? '');
    return operationsOf(document).flatMap(({ name, operation }) => (isTagged(operation) ? [] : [name]));
  },
  'a body that is read is described, and a GET has none': each(
    ({ method, operation }) => method === 'get' && operation.requestBody !== undefined,
  ),
  'every operation has an answer that is no refusal': each(
    ({ operation }) => !Object.keys(operation.responses).some((status) => /^[23]/.test(status)),
  ),
  'what is refused is a problem document': each(({ operation }) =>
    Object.entries(operation.responses).some(
      ([status, { content }]) => status.startsWith('4') && Object.keys(content).join() !== 'application/problem+json',
    ),
  ),
  'what needs a token can answer 401, and nothing else can': each(
    ({ operation: { security, responses } }) => '401' in responses !== security.length > 0,
  ),
  'every answer carries version and trace': each(({ operation }) =>
    Object.values(operation.responses).some(({ headers }) => !headers['cs-schema-version'] || !headers['x-trace-id']),
  ),
  'what starts work says where it is': each(({ operation: { responses } }) => {
    const headers = responses['202']?.headers;
    return headers !== undefined && !('operation-location' in headers || 'Operation-Location' in headers);
  }),
  'every schema is used': (document) => {
    const text = JSON.stringify(document);
    return Object.keys(document.components.schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
  },
};

/** `rule: place`, for every place that breaks one. */
export function breaches(document: OpenApiDocument): string[] {
  return Object.entries(RULES).flatMap(([rule, find]) => find(document).map((place) => `${rule}: ${place}`));
}

function propertiesOf(json: Json): string[] {
  if (Array.isArray(json)) return json.flatMap(propertiesOf);
  if (typeof json !== 'object' || json === null) return [];
  const own = typeof json.properties === 'object' && json.properties !== null ? Object.keys(json.properties) : [];
  return [...own, ...Object.values(json).flatMap(propertiesOf)];
}
