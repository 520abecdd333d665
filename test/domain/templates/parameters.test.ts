import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../domain/templates/json.ts';
import { prepareTemplate } from '../../../domain/templates/prepare.ts';
import {
  deployment,
  faultsOf,
  IMPORTS,
  NOTHING_KNOWN,
  prepared,
  problemsOf,
  radius,
  SCOPE,
} from '../../_support/templates.ts';

const faults = (template: JsonObject, parameters: JsonObject = {}) =>
  faultsOf(() => prepared({ imports: IMPORTS, resources: {}, ...template }, parameters));

describe('parameters', () => {
  const PARAMETERS: JsonObject = {
    text: { type: 'string', minLength: 2, maxLength: 4 },
    count: { type: 'Int', minValue: 1, maxValue: 3, defaultValue: 2 },
    size: { type: 'string', allowedValues: ['small', 'large'], defaultValue: 'small' },
    zones: { type: 'array', allowedValues: [1, 2, 3], defaultValue: [] },
    flag: { type: 'bool', defaultValue: "[equals(parameters('size'), 'small')]" },
    tags: { type: 'object', defaultValue: {} },
    maybe: { type: 'string', nullable: true },
  };
  const messages = (given: JsonObject) => problemsOf(() => prepared({ resources: {}, parameters: PARAMETERS }, given));

  it('are taken as they are when they fit, with defaults that may be made of others', () => {
    const outputs = Object.fromEntries(
      ['flag', 'count'].map((name) => [
        name,
        { type: PARAMETERS[name]?.['type' as never] ?? '', value: `[parameters('${name}')]` },
      ]),
    );
    const given = { text: '[x]', size: 'large', zones: [1, 3], maybe: null };
    expect(prepared({ resources: {}, parameters: PARAMETERS, outputs }, given).outputs(NOTHING_KNOWN)).toMatchObject({
      value: { flag: { value: false }, count: { value: 2 } },
    });
  });

  it('are each refused with what is wrong with it, all at once', () => {
    const given = { count: 4, size: 'medium', zones: [1, 4], flag: 'yes', tags: [], other: 1 };
    expect(messages(given).map(({ fault, pointer, message }) => `${fault} ${pointer} ${message}`)).toEqual([
      'InvalidParameter /parameters/count It is more than 3.',
      'InvalidParameter /parameters/size This is none of the values that are allowed: "small", "large".',
      'InvalidParameter /parameters/zones This is none of the values that are allowed: 1, 2, 3.',
      'WrongType /parameters/flag This is a string, and its type is bool.',
      'WrongType /parameters/tags This is an array, and its type is object.',
      'UnknownParameter /parameters/other The template has no such parameter.',
      'MissingParameter /parameters/text The parameter is not given, and has no default. Its type is string.',
    ]);
    expect(messages({ text: 'a' })).toMatchObject([{ message: 'Its length is less than 2.' }]);
    expect(messages({ text: 'abcde' })).toMatchObject([{ message: 'Its length is more than 4.' }]);
    expect(messages({ text: null })).toMatchObject([{ fault: 'WrongType', pointer: '/parameters/text' }]);
  });

  it('are refused when a default does not fit, is made of itself, or has a type that is none', () => {
    const declared = (parameters: JsonObject) => faults({ parameters });
    expect(declared({ a: { type: 'int', defaultValue: 'x' } })).toEqual(['WrongType /template/parameters/a']);
    expect(declared({ a: { type: 'text', defaultValue: 'x' } })).toEqual(['InvalidShape /template/parameters/a']);
    const around = { type: 'string', defaultValue: "[parameters('b')]" };
    expect(declared({ a: around, b: { type: 'string', defaultValue: "[parameters('a')]" } })[0]).toBe(
      'Cycle /template/parameters/a',
    );
  });

  it('have to be given by their values', () => {
    const properties = {
      ...deployment({ resources: {}, parameters: { a: { type: 'string' }, b: { type: 'string' } } }),
      parameters: { a: { reference: { keyVault: {}, secretName: 's' } }, b: 'plain' },
    };
    const found = faultsOf(() => prepareTemplate(properties, { scope: SCOPE, group: null }));
    expect(found.slice(0, 2)).toEqual(['NotSupported /parameters/a', 'InvalidShape /parameters/b']);
  });
});

describe('variables', () => {
  it('are evaluated only where they are used, and told where they go wrong', () => {
    const variables = { unused: "[int('x')]", bad: { deep: ["[int('y')]"] }, uses: "[variables('bad')]" };
    expect(faults({ variables })).toEqual([]);
    const outputs = { a: { type: 'object', value: "[variables('uses')]" } };
    expect(problemsOf(() => prepared({ resources: {}, variables, outputs }))).toMatchObject([
      {
        pointer: '/template/outputs/a/value',
        message: expect.stringContaining('In the variable bad: The text that int()'),
      },
    ]);
  });

  it('that are made of themselves, or of what is known too late, are refused', () => {
    const used = (value: string) => ({
      variables: { a: value, b: "[variables('a')]" },
      outputs: { o: { type: 'string', value: "[variables('a')]" } },
    });
    expect(faults(used("[variables('b')]"))).toEqual(['Cycle /template/outputs/o/value']);
    expect(faults(used("[concat('x', variables('A'))]"))).toEqual(['Cycle /template/outputs/o/value']);
    expect(faults({ ...used("[reference('r').id]"), resources: { r: radius('A.B/c', 'r') } })).toEqual([
      'NotKnownYet /template/outputs/o/value',
    ]);
  });
});
