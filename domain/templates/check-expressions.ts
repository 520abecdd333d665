import { checkCall } from './expressions/evaluate.ts';
import { isExpression, parse, type Call, type Expression } from './expressions/parse.ts';
import { callsIn, textsIn } from './expressions/walk.ts';
import { isObject, named, pointerTo, type Json, type JsonObject } from './json.ts';
import type { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';
import type { DeclaredResource, Template } from './template.ts';

/** Each text is parsed once. */
export function parser(): (text: string) => Expression {
  const parsed = new Map<string, Expression>();
  return (text) => {
    const expression = parsed.get(text) ?? parse(text);
    parsed.set(text, expression);
    return expression;
  };
}

/** Notes what is wrong with expressions whether or not they are ever evaluated. */
export function checkExpressions(
  template: Template,
  pointer: string,
  parseText: (text: string) => Expression,
  problems: Problems,
): void {
  const check = (value: Json, place: string) => {
    for (const { text, pointer: at } of textsIn(value, place)) {
      if (!isExpression(text)) continue;
      const expression = problems.attempt(at, () => parseText(text));
      for (const call of expression ? callsIn(expression) : []) {
        problems.attempt(at, () => checkCall(call));
        problems.attempt(at, () => checkNames(call, template));
      }
    }
  };
  for (const [name, { defaultValue }] of Object.entries(template.parameters)) {
    check(defaultValue ?? null, `${pointer}${pointerTo(pointerTo('/parameters', name), 'defaultValue')}`);
  }
  check(template.variables, `${pointer}/variables`);
  for (const resource of template.resources) check(withoutInnerTemplate(resource), resource.pointer);
  check(template.outputs, `${pointer}/outputs`);
}

/** A template within the template is a world of its own. */
export function withoutInnerTemplate({ body }: DeclaredResource): JsonObject {
  if (!isObject(body.properties) || !isDeployment(body)) return body;
  const { template: _inner, ...properties } = body.properties;
  return { ...body, properties };
}

export function isDeployment({ type }: JsonObject): boolean {
  return typeof type === 'string' && type.toLowerCase().split('@')[0] === 'microsoft.resources/deployments';
}

function checkNames(call: Call, { parameters, variables, resources }: Template): void {
  const [first] = call.args;
  if (first?.kind !== 'literal' || typeof first.value !== 'string') return;
  const name = first.value;
  const called = call.name.toLowerCase();
  if (called === 'parameters' && named(parameters, name) === undefined) {
    throw new Refusal('UnknownParameter', `The template has no parameter ${name}.`, call.at);
  }
  if (called === 'variables' && named(variables, name) === undefined && variables.copy === undefined) {
    throw new Refusal('UnknownVariable', `The template has no variable ${name}.`, call.at);
  }
  const isBySymbol = resources.length === 0 || resources.some(({ isNamed }) => isNamed);
  if (called !== 'reference' || !isBySymbol || name.startsWith('/')) return;
  const symbol = name.replace(/\[[0-9]+\]$/, '');
  if (!resources.some((one) => one.symbol === symbol)) {
    throw new Refusal('UnknownResource', `The template has no resource ${name}.`, call.at);
  }
}
