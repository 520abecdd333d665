/** Templates as clients send them, and what is asked of one. */
import fc from 'fast-check';
import { InvalidTemplate, type TemplateProblem } from '../../domain/templates/invalid-template.ts';
import type { Json, JsonObject } from '../../domain/templates/json.ts';
import type { World, WorldRequest } from '../../domain/templates/expressions/setting.ts';
import { prepareTemplate, type PreparedTemplate } from '../../domain/templates/prepare.ts';

export const SCOPE = '/planes/radius/local/resourceGroups/my-group';
export const AWS_SCOPE = '/planes/aws/aws/accounts/012345678901/regions/us-west-2';
export const AZURE_SCOPE =
  '/planes/azure/azurecloud/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/g';
const GROUP = { id: SCOPE, name: 'my-group', location: 'global' };

/** A deployment's properties as `rad` sends them. */
export function deployment(template: JsonObject, parameters: JsonObject = {}): JsonObject {
  const given = Object.entries(parameters).map(([name, value]) => [name, { value }]);
  const scope = (type: string, of: string) => ({ type, value: { scope: of } });
  return {
    template: { languageVersion: '2.1-experimental', contentVersion: '1.0.0.0', ...template },
    parameters: Object.fromEntries(given) as JsonObject,
    mode: 'Incremental',
    providerconfig: {
      radius: scope('Radius', SCOPE),
      aws: scope('AWS', AWS_SCOPE),
      az: scope('AzureResourceManager', AZURE_SCOPE),
      deployments: scope('Microsoft.Resources', SCOPE),
    },
  };
}

export function prepared(template: JsonObject, parameters: JsonObject = {}): PreparedTemplate {
  return prepareTemplate(deployment(template, parameters), { scope: SCOPE, group: GROUP });
}

export const IMPORTS = {
  Radius: { provider: 'Radius', version: 'latest' },
  AWS: { provider: 'AWS', version: 'latest' },
};

/** A resource of Radius as Bicep writes it. */
export function radius(type: string, name: string, properties: JsonObject = {}, more: JsonObject = {}): JsonObject {
  return { import: 'Radius', type: `${type}@2023-10-01-preview`, properties: { name, properties }, ...more };
}

/** A world that knows of the resources what is given, by their symbols or ids; of actions by `symbol/action`. */
export function worldOf(known: JsonObject): World {
  return ({ symbol, id, action }: WorldRequest) => {
    const key = `${symbol ?? id ?? ''}${action ? `/${action}` : ''}`;
    return Object.hasOwn(known, key) ? known[key] : undefined;
  };
}

export const NOTHING_KNOWN: World = () => undefined;

/** The value of an expression, as an output of a template. */
export function valueOf(expression: string, template: JsonObject = {}, parameters: JsonObject = {}): Json {
  // Within an object anything may stand.
  const outputs = { it: { type: 'object', value: { is: `[${expression}]` } } };
  const found = prepared({ resources: {}, ...template, outputs }, parameters).outputs(NOTHING_KNOWN);
  if (!found.isKnown) throw new Error('it is not known');
  return (found.value.it?.value as JsonObject).is as Json;
}

export function problemsOf(act: () => unknown): readonly TemplateProblem[] {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidTemplate) return error.problems;
    throw error;
  }
  return [];
}

/** `fault pointer` of each problem. */
export function faultsOf(act: () => unknown): string[] {
  return problemsOf(act).map(({ fault, pointer }) => `${fault} ${pointer}`);
}

/** Texts that are made of what expressions are made of. */
export const nearlyExpression = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '[',
        ']',
        '(',
        ')',
        ',',
        '.',
        "'",
        ' ',
        '-',
        '1',
        'concat',
        'if',
        'reference',
        'parameters',
        "'a'",
      ),
      fc.string({ maxLength: 3 }),
    ),
    {
      maxLength: 14,
    },
  )
  .map((parts) => `[${parts.join('')}]`);
