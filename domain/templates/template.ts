/** What a template says, as far as it can be told without evaluating anything. */
import type { Budget } from './bounds.ts';
import { MAX_OUTPUTS, MAX_PARAMETERS, MAX_RESOURCES, MAX_VARIABLES } from './bounds.ts';
import { isObject, pointerTo, type Json, type JsonObject } from './json.ts';
import type { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';

export interface Template {
  parameters: Record<string, JsonObject>;
  variables: JsonObject;
  /** What an `import` or `extension` of a resource stands for: the provider's name in lower case. */
  imports: Record<string, string>;
  resources: DeclaredResource[];
  outputs: Record<string, JsonObject>;
}

export interface DeclaredResource {
  /** Its name in the template; `resources[3]` where the template lists its resources without. */
  symbol: string;
  /** Whether expressions may call it so. */
  isNamed: boolean;
  body: JsonObject;
  pointer: string;
}

/** Said to people and to tools. */
const REMARKS = ['$schema', 'contentVersion', 'apiProfile', 'languageVersion', 'metadata'];
const SECTIONS = ['parameters', 'variables', 'imports', 'extensions', 'resources', 'outputs'];
/** They have a meaning, which would be lost. */
const MISSING = ['functions', 'definitions', 'asserts'];

/** What is wrong with its shape is noted; what is right is returned. */
export function readTemplate(json: Json, pointer: string, budget: Budget, problems: Problems): Template {
  problems.attempt(pointer, () => budget.measure(json));
  const template = objectOf(json, pointer, problems);
  for (const name of Object.keys(template)) {
    const isEmpty = Object.keys(objectOrList(template[name])).length === 0;
    if (MISSING.includes(name) && !isEmpty) {
      refuse(problems, pointerTo(pointer, name), 'NotSupported', `A template has no ${name} here.`);
    } else if (![...REMARKS, ...SECTIONS, ...MISSING].includes(name)) {
      refuse(problems, pointerTo(pointer, name), 'InvalidShape', 'A template has no such member.');
    }
  }
  const section = (name: string, most: number) => sectionOf(template, name, pointer, most, problems);
  return {
    parameters: objectsOf(section('parameters', MAX_PARAMETERS), pointerTo(pointer, 'parameters'), problems),
    variables: section('variables', MAX_VARIABLES),
    imports: {
      ...importsOf(section('imports', 16), pointerTo(pointer, 'imports'), 'provider', problems),
      ...importsOf(section('extensions', 16), pointerTo(pointer, 'extensions'), 'name', problems),
    },
    resources: resourcesOf(template.resources ?? [], pointerTo(pointer, 'resources'), problems),
    outputs: objectsOf(section('outputs', MAX_OUTPUTS), pointerTo(pointer, 'outputs'), problems),
  };
}

function sectionOf(template: JsonObject, name: string, pointer: string, most: number, problems: Problems): JsonObject {
  const place = pointerTo(pointer, name);
  const section = objectOf(template[name] ?? {}, place, problems);
  const names = Object.keys(section);
  if (names.length > most) refuse(problems, place, 'TooLarge', `A template has up to ${most} ${name}.`);
  const seen = new Set<string>();
  for (const one of names) {
    const folded = one.toLowerCase();
    if (seen.has(folded)) {
      refuse(
        problems,
        pointerTo(place, one),
        'InvalidShape',
        'Another one has this name, but for the case of letters.',
      );
    }
    seen.add(folded);
  }
  return section;
}

function resourcesOf(resources: Json, pointer: string, problems: Problems): DeclaredResource[] {
  const isNamed = !Array.isArray(resources);
  const declared = Object.entries(objectsOf(objectOrList(resources), pointer, problems)).map(([name, body]) => ({
    symbol: isNamed ? name : `resources[${name}]`,
    isNamed,
    body,
    pointer: pointerTo(pointer, name),
  }));
  if (typeof resources !== 'object' || resources === null) {
    refuse(problems, pointer, 'InvalidShape', 'This is no object, and no array.');
  }
  if (declared.length > MAX_RESOURCES) {
    refuse(problems, pointer, 'TooLarge', `A template has up to ${MAX_RESOURCES} resources.`);
  }
  return declared;
}

function importsOf(section: JsonObject, pointer: string, member: string, problems: Problems): Record<string, string> {
  const entries = Object.entries(objectsOf(section, pointer, problems)).map(([alias, one]): [string, string] => {
    const name = one[member];
    if (typeof name === 'string') return [alias, name.toLowerCase()];
    refuse(
      problems,
      pointerTo(pointerTo(pointer, alias), member),
      'InvalidShape',
      'The name of an extension is missing.',
    );
    return [alias, ''];
  });
  return Object.fromEntries(entries);
}

/** Its members that are objects; each of the others is a problem. */
function objectsOf(section: JsonObject, pointer: string, problems: Problems): Record<string, JsonObject> {
  return Object.fromEntries(
    Object.entries(section).map(([name, value]) => [name, objectOf(value, pointerTo(pointer, name), problems)]),
  );
}

function objectOf(json: Json, pointer: string, problems: Problems): JsonObject {
  if (isObject(json)) return json;
  refuse(problems, pointer, 'InvalidShape', 'This is no object.');
  return {};
}

function objectOrList(json: Json | undefined): JsonObject {
  if (Array.isArray(json)) return Object.fromEntries(json.entries());
  return isObject(json) ? json : {};
}

function refuse(problems: Problems, pointer: string, fault: Refusal['fault'], message: string): void {
  problems.add(pointer, new Refusal(fault, message));
}
