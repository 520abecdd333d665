import { describe, expect, it } from 'vitest';
import type { Json } from '../../../domain/templates/json.ts';
import { PURE_FUNCTIONS } from '../../../domain/templates/functions/table.ts';
import { FORMS } from '../../../domain/templates/expressions/forms.ts';
import { problemsOf, prepared, SCOPE, valueOf } from '../../_support/templates.ts';

const TEMPLATE = {
  parameters: { who: { type: 'string', defaultValue: 'you' }, list: { type: 'array', defaultValue: ['a', 'b'] } },
  variables: {
    greeting: "[concat('hello ', parameters('WHO'))]",
    tree: { Leaf: ['x', { y: "[variables('greeting')]" }] },
  },
};

/** What each comes to, as Azure documents it. */
const VALUES: [string, Json][] = [
  ["'it''s'", "it's"],
  [' -7 ', -7],
  ["parameters('who')", 'you'],
  ["variables('tree').leaf[1]['Y']", 'hello you'],
  ['resourceGroup().name', 'my-group'],
  ["resourceId('A.B/c/d', 'x', 'y')", `${SCOPE}/providers/A.B/c/x/d/y`],
  ["extensionResourceId(resourceGroup().id, 'A.B/c', 'x')", `${SCOPE}/providers/A.B/c/x`],
  ["if(true(), 'yes', int('never looked at'))", 'yes'],
  ["if(equals(1, 2), int('never looked at'), 'no')", 'no'],
  ["and(false(), bool('never looked at'))", false],
  ['and(true(), true(), false())', false],
  ["or(true(), bool('never looked at'))", true],
  ['or(false(), false())', false],
  ["coalesce(null(), 'first', int('never'))", 'first'],
  ['coalesce(null())', null],
  ['not(false())', true],
  ["equals(createObject('a', createArray(1, 2)), json('{\"a\": [1, 2]}'))", true],
  ["equals('a', 'A')", false],
  ['less(1, 2)', true],
  ["lessOrEquals('b', 'a')", false],
  ['greater(3, 3)', false],
  ['greaterOrEquals(3, 3)', true],
  ["bool('True')", true],
  ['bool(0)', false],
  ['add(2, 3)', 5],
  ['sub(2, 3)', -1],
  ['mul(2, 3)', 6],
  ['mul(0, -1)', 0],
  ['div(-7, 2)', -3],
  ['mod(-7, 2)', -1],
  ["int(' 42 ')", 42],
  ['min(3, 1, 2)', 1],
  ['max(createArray(3, 1, 2))', 3],
  ["base64('one')", 'b25l'],
  ["base64ToString('b25l')", 'one'],
  ['base64ToJson(base64(\'{"a": null}\')).a', null],
  ["endsWith('abc', 'BC')", true],
  ["startsWith('abc', 'BC')", false],
  ["format('{0}-{1}-{0}, {{{0}}} {2}', 'a', 1, true())", 'a-1-a, {a} True'],
  ["join(parameters('list'), '-')", 'a-b'],
  ["padLeft(7, 3, '0')", '007'],
  ["padLeft('abcd', 3)", 'abcd'],
  ["replace('aXbX', 'X', '--')", 'a--b--'],
  ["split('a,b;c', createArray(',', ';'))", ['a', 'b', 'c']],
  ["split('a.b', '.')", ['a', 'b']],
  ["string(createArray(1, 'a', true()))", '[1,"a",true]'],
  ['string(true())', 'True'],
  ["substring('abcde', 1, 3)", 'bcd'],
  ["substring('abcde', 3)", 'de'],
  ["toLower('ABC')", 'abc'],
  ["toUpper('abc')", 'ABC'],
  ["trim('  a ')", 'a'],
  ["uriComponent('a b/c')", 'a%20b%2Fc'],
  ["uriComponentToString('a%20b')", 'a b'],
  ['array(1)', [1]],
  ["array(parameters('list'))", ['a', 'b']],
  ["concat('a', 1, 'b')", 'a1b'],
  ["concat(parameters('list'), createArray('c'))", ['a', 'b', 'c']],
  ["contains(parameters('list'), 'b')", true],
  ["contains('abc', 'B')", false],
  ["contains(createObject('Key', 1), 'key')", true],
  ["empty('')", true],
  ["empty(createObject('a', 1))", false],
  ["first(parameters('list'))", 'a'],
  ["first('')", ''],
  ["last('abc')", 'c'],
  ["indexOf('abcABC', 'B')", 1],
  ["lastIndexOf('abcABC', 'b')", 4],
  ["indexOf(createArray('a', 'b'), 'z')", -1],
  ["lastIndexOf(createArray('a', 'b', 'a'), 'a')", 2],
  ["length('abc')", 3],
  ["length(createObject('a', 1, 'b', 2))", 2],
  ['range(5, 3)', [5, 6, 7]],
  ['skip(range(0, 4), 2)', [2, 3]],
  ["take('abc', 2)", 'ab'],
  [
    "items(createObject('b', 1, 'a', 2))",
    [
      { key: 'a', value: 2 },
      { key: 'b', value: 1 },
    ],
  ],
  ["objectKeys(createObject('b', 1, 'a', 2))", ['b', 'a']],
  ["shallowMerge(createArray(createObject('a', createObject('x', 1)), createObject('a', 2)))", { a: 2 }],
  ["tryGet(createObject('a', createArray(1, 2)), 'a', 1)", 2],
  ["tryGet(createObject('a', 1), 'b', 'c')", null],
  ['union(createArray(1, 2), createArray(2, 3))', [1, 2, 3]],
  [
    "union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2)), createObject('b', 3))",
    { a: { x: 1, y: 2 }, b: 3 },
  ],
  ['intersection(createArray(1, 2, 2, 3), createArray(2, 3), createArray(3, 2))', [2, 3]],
  ["intersection(createObject('a', 1, 'b', 2), createObject('a', 1, 'b', 3))", { a: 1 }],
];

const REFUSED: [string, string, string][] = [
  ["nope('a')", 'UnknownFunction', 'There is no function nope(). (at character 2)'],
  ['newGuid()', 'UnknownFunction', 'give the value as a parameter'],
  ["uniqueString('a')", 'UnknownFunction', 'its hash is not documented'],
  ["concat('a', toLower())", 'WrongArguments', 'toLower() takes 1 argument, and has 0. (at character 14)'],
  ['if(true())', 'WrongArguments', 'if() takes 3 arguments, and has 1.'],
  ['toLower(1)', 'WrongType', 'Argument 1 of toLower() is an integer, and not a string.'],
  ["if('true', 1, 2)", 'WrongType', 'Argument 1 of if() is a string, and not a boolean.'],
  ["concat(createArray(1), 'a')", 'WrongType', 'Argument 2 of concat() is a string, and not an array.'],
  ["less('a', 1)", 'WrongType', 'Argument 2 of less()'],
  ["int('1.5')", 'InvalidArgument', 'no whole number'],
  ['div(1, 0)', 'InvalidArgument', 'div() divides by zero.'],
  ['add(9007199254740991, 1)', 'InvalidArgument', 'beyond 2^53'],
  ["json('{')", 'InvalidArgument', 'The text is no JSON.'],
  ["json('1e999')", 'InvalidArgument', 'larger than JSON can say'],
  ["format('{1}', 'a')", 'InvalidArgument', 'names {1}, and has no such argument'],
  ["format('{0:N2}', 1)", 'InvalidArgument', 'nothing else in the braces'],
  ["format('{', 1)", 'InvalidArgument', 'brace'],
  ['first(createArray())', 'InvalidArgument', 'empty array'],
  ["substring('abc', 2, 2)", 'InvalidArgument', 'reaches beyond'],
  ["createObject('a')", 'InvalidArgument', 'a name without one'],
  ["parameters('nope')", 'UnknownParameter', 'The template has no parameter nope. (at character 2)'],
  ["parameters(concat('no', 'pe'))", 'UnknownParameter', 'The template has no parameter nope.'],
  ["variables('nope')", 'UnknownVariable', 'The template has no variable nope.'],
  ["variables('tree').stem", 'UnknownProperty', 'The object has no member stem. (at character 19)'],
  ["parameters('list')[2]", 'UnknownProperty', 'The array has no item 2. (at character 20)'],
  ["parameters('who').x", 'UnknownProperty', 'This is a string, which has no members.'],
  ["reference('nope').id", 'UnknownResource', 'The template has no resource nope.'],
  ["resourceId('A.B/c', 'x', 'y')", 'InvalidArgument', 'takes as many names, and is given 2'],
  ["resourceId('sub', 'A.B/c', 'x')", 'NotSupported', 'takes the type first'],
  ['copyIndex()', 'InvalidArgument', 'stands in no such loop'],
  ["concat('a'", 'InvalidExpression', 'A comma or a closing bracket is missing. (at character 12)'],
  ["'a", 'InvalidExpression', 'no closing quote. (at character 2)'],
  ["'a' 'b'", 'InvalidExpression', 'Nothing may follow the expression. (at character 6)'],
  ['true', 'InvalidExpression', 'true is no value'],
  ['', 'InvalidExpression', 'is missing'],
  ['concat(1,)', 'InvalidExpression', 'is missing. (at character 11)'],
  ['a.b()', 'InvalidExpression', 'a is no value'],
  ['1 + 1', 'InvalidExpression', 'This character begins nothing. (at character 4)'],
  ['99999999999999999999', 'InvalidExpression', 'too large'],
];

describe('an expression', () => {
  it.each(VALUES)('%s', (expression, value) => {
    expect(valueOf(expression, TEMPLATE)).toEqual(value);
  });

  it.each(REFUSED)('%s is refused: %s', (expression, fault, message) => {
    const problems = problemsOf(() => valueOf(expression, TEMPLATE));
    expect(problems).toEqual([
      { fault, pointer: '/template/outputs/it/value/is', message: expect.stringContaining(message) },
    ]);
  });

  it('has every function there is in these examples', () => {
    const shown = VALUES.map(([expression]) => expression.toLowerCase()).join(' ');
    // These stand in loops, or are of resources.
    const elsewhere = ['copyindex', 'reference'];
    const all = [...Object.keys(PURE_FUNCTIONS), ...Object.keys(FORMS)].filter((name) => !elsewhere.includes(name));
    expect(all.filter((name) => !shown.includes(`${name}(`))).toEqual([]);
  });

  it('takes what every object has for nothing', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(problemsOf(() => valueOf(`${name}()`))).toMatchObject([{ fault: 'UnknownFunction' }]);
      expect(problemsOf(() => valueOf(`parameters('${name}')`))).toMatchObject([{ fault: 'UnknownParameter' }]);
      expect(problemsOf(() => valueOf(`createObject('a', 1)['${name}']`))).toMatchObject([
        { fault: 'UnknownProperty' },
      ]);
    }
    expect(valueOf("createObject('__proto__', 1)['__proto__']")).toBe(1);
  });
});

describe('a text that is no expression', () => {
  it.each([
    ['[[escaped]', '[escaped]'],
    ['[[', '[['],
    ['[no end', '[no end'],
    ['no start]', 'no start]'],
    ['a [b] c', 'a [b] c'],
    ['', ''],
  ])('%s is %s', (text, meant) => {
    const { waves, bodyOf } = prepared({
      resources: { a: { type: 'A.B/c', apiVersion: '1', name: 'a', properties: { text } } },
    });
    expect(waves.length).toBe(1);
    expect(bodyOf('a', () => undefined)).toMatchObject({ value: { properties: { text: meant } } });
  });
});
