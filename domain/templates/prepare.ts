/**
 * A deployment of a template, in two stages. First everything that can be told before anything is deployed: the resources,
 * their order, and all that is wrong. Then, wave by wave, the bodies: what they take from resources of earlier waves is
 * asked of the world, which answers as far as it knows, and what it still has to find out is what comes back.
 *
 * Nothing here remembers: the same properties give the same plan, so each step of a deployment may prepare it anew.
 *
 * Secrets: a value that came from a secure parameter, or from an action such as `listSecrets`, is told by its JSON pointer
 * beside the value that holds it. So is all that was made out of one, whole. Where only the open is possible (ids, types,
 * conditions, names of members, counts), such a value is refused.
 */
import { Budget, MAX_NESTED } from './bounds.ts';
import { isDeployment } from './check-expressions.ts';
import type { Held, World, WorldRequest } from './expressions/setting.ts';
import { fill, held, type Filled } from './fill.ts';
import { isObject, named, pointerTo, type JsonObject } from './json.ts';
import { openTemplate, type Asking, type Opened, type Place } from './opened.ts';
import type { Output } from './outputs.ts';
import { readGiven, valueIn, type Given } from './parameters.ts';
import { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';
import { scopesOf } from './scopes.ts';
import type { Instance, Target } from './targets.ts';

/** A value that is known, with the pointers of the secrets in it; or what is to be asked of the world for it. */
export type Resolved<T> = { isKnown: true; value: T; secrets: string[] } | { isKnown: false; needs: WorldRequest[] };

export interface PreparedTemplate {
  /** A wave starts when the one before it has ended. */
  waves: Target[][];
  /** All of them by their symbols: also those that are there already, and those whose condition does not hold. */
  targets: ReadonlyMap<string, Target>;
  /** Pointers into the deployment's properties: what must not be stored as it is. */
  secrets: string[];
  /** What is to be sent for a resource of a wave, its id apart. @throws InvalidTemplate */
  bodyOf(symbol: string, world: World): Resolved<JsonObject>;
  /** Those whose condition holds. @throws InvalidTemplate */
  outputs(world: World): Resolved<Record<string, Output>>;
}

/**
 * @param properties of the deployment: `template`, `parameters`, `mode`, `providerconfig`
 * @param around the scope that the deployment lies in, and the group as `resourceGroup()` gives it
 * @throws InvalidTemplate with everything that is wrong
 */
export function prepareTemplate(
  properties: JsonObject,
  around: { scope: string; group: JsonObject | null },
): PreparedTemplate {
  const problems = new Problems();
  const config = named(properties, 'providerconfig') ?? null;
  const scopes = scopesOf(config, around.scope, '/providerconfig', problems);
  const given = readGiven(properties.parameters ?? null, '/parameters', problems);
  const place: Place = { scopes, group: around.group, pointer: '', depth: 1, budget: new Budget() };
  const secrets = new Set<string>();
  const opened = prepare(properties, given, place, problems, secrets);
  problems.throwIfAny();
  if (!opened) throw new Error('A template that is not right has no problems.');
  return {
    waves: wavesOf(opened),
    targets: new Map([...opened.targets.all].map((instance) => [instance.symbol, publicly(instance)])),
    secrets: [...secrets],
    bodyOf: (symbol, world) => {
      const instance = opened.targets.get(symbol);
      if (!instance || opened.waveOf(instance) === null) throw new Error(`${symbol} is not deployed by this template.`);
      return resolved(opened, world, (asking, noted) => opened.bodyOf(instance, asking, noted));
    },
    outputs: (world) => resolved(opened, world, (asking, noted) => opened.outputs(asking, noted)),
  };
}

/** Everything that can be told now of a template, and of those within it. What is wrong is noted. */
function prepare(
  properties: JsonObject,
  given: Given,
  place: Place,
  problems: Problems,
  secrets: Set<string>,
): Opened | null {
  checkDeployment(properties, place, problems);
  const opened = openTemplate(properties.template ?? null, given, place, problems);
  if (!opened) return null;
  for (const pointer of opened.securePlaces) secrets.add(pointer);
  for (const instance of opened.targets.all) {
    if (instance.isExisting || !instance.isWanted) continue;
    opened.bodyOf(instance, nothing(), problems);
    if (isDeployment(instance.declared.body)) prepareInner(instance, opened, problems, secrets);
  }
  opened.outputs(nothing(), problems);
  opened.order(problems);
  return opened;
}

/** Its parameters may not be known yet; all the rest of it is. */
function prepareInner(instance: Instance, outer: Opened, problems: Problems, secrets: Set<string>): void {
  const pointer = pointerTo(instance.declared.pointer, 'properties');
  const { properties } = instance.declared.body;
  if (!isObject(properties)) {
    problems.add(pointer, new Refusal('InvalidShape', 'A deployment has properties, its template among them.'));
    return;
  }
  if (outer.place.depth >= MAX_NESTED) {
    problems.add(pointer, new Refusal('TooLarge', `Templates stand up to ${MAX_NESTED} deep within each other.`));
  }
  const setting = outer.settingFor(instance, nothing());
  const given = Object.entries(isObject(properties.parameters) ? properties.parameters : {});
  const values = given.flatMap(([name, one]): [string, Held][] => {
    const at = pointerTo(pointerTo(pointer, 'parameters'), name);
    const value = valueIn(one, at, problems);
    return value === undefined ? [] : [[name, held(fill(value, pointerTo(at, 'value'), setting, problems))]];
  });
  const place = { ...outer.place, pointer, depth: outer.place.depth + 1 };
  prepare(properties, Object.fromEntries(values), place, problems, secrets);
}

function checkDeployment(properties: JsonObject, { pointer, depth }: Place, problems: Problems): void {
  const { mode = 'Incremental', templateLink, parametersLink, expressionEvaluationOptions: options } = properties;
  const refuse = (member: string, message: string) =>
    problems.add(pointerTo(pointer, member), new Refusal('NotSupported', message));
  if (mode !== 'Incremental') refuse('mode', 'The mode of a deployment is Incremental: nothing else is deleted.');
  if (templateLink !== undefined) refuse('templateLink', 'A template comes with its deployment, and not by a link.');
  if (parametersLink !== undefined) refuse('parametersLink', 'Parameters come with their deployment, not by a link.');
  const scope = isObject(options) ? options.scope : undefined;
  if (depth > 1 && String(scope).toLowerCase() !== 'inner') {
    refuse(
      'expressionEvaluationOptions',
      'A template within a template evaluates its own expressions: scope is inner.',
    );
  }
}

function wavesOf(opened: Opened): Target[][] {
  const byWave = new Map<number, Target[]>();
  for (const instance of opened.targets.all) {
    const wave = opened.waveOf(instance);
    if (wave !== null) byWave.set(wave, [...(byWave.get(wave) ?? []), publicly(instance)]);
  }
  // A wave of resources that are all there already, or not wanted, is none.
  return [...byWave].sort(([a], [b]) => a - b).map(([, wave]) => wave);
}

function resolved<T>(
  { place }: Opened,
  look: World,
  make: (asking: Asking, problems: Problems) => Filled & { value: T },
): Resolved<T> {
  place.budget.renew();
  const asking = { look, needs: new Map<string, WorldRequest>() };
  const problems = new Problems();
  const { value, isKnown, secrets } = make(asking, problems);
  problems.throwIfAny();
  return isKnown ? { isKnown, value, secrets } : { isKnown, needs: [...asking.needs.values()] };
}

function nothing(): Asking {
  return { look: () => undefined, needs: new Map() };
}

function publicly({ declared: _d, loops: _l, after: _a, isExtension: _e, ...target }: Instance): Target {
  return target;
}
