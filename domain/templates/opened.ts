/** A template with its parameters, and what a deployment of it is made of. */
import { type Budget, MAX_RESOURCES } from './bounds.ts';
import { checkExpressions, isDeployment, parser, withoutInnerTemplate } from './check-expressions.ts';
import type { Setting, Surroundings, World, WorldRequest } from './expressions/setting.ts';
import { textsIn } from './expressions/walk.ts';
import { fill, fixedText, type Filled } from './fill.ts';
import { doubles, Targets } from './find-targets.ts';
import { isObject, pointerTo, type Json, type JsonObject } from './json.ts';
import { outputsOf, type Output } from './outputs.ts';
import { checkGiven, parametersOf, securePlaces, type Given } from './parameters.ts';
import type { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';
import { idIn, providerOfType, scopeOf, type Scopes } from './scopes.ts';
import { ABOUT, instancesOf, type Instance } from './targets.ts';
import { readTemplate, type Template } from './template.ts';
import { variablesOf } from './variables.ts';
import { wavesOf } from './waves.ts';

export interface Place {
  scopes: Scopes;
  /** What `resourceGroup()` is. */
  group: JsonObject | null;
  /** Of the deployment's properties. */
  pointer: string;
  /** 1, and one more within each template. */
  depth: number;
  budget: Budget;
}

/** The world, and what it is asked for in vain. */
export interface Asking {
  look: World;
  needs: Map<string, WorldRequest>;
}

/**
 * A template whose shape, expressions, parameters and resources' names are right; null when they are not. Each of these
 * is looked at only where the one before it was right: else the same mistake would be told many times.
 */
export function openTemplate(json: Json, given: Given, place: Place, problems: Problems): Opened | null {
  const before = problems.count;
  const pointer = pointerTo(place.pointer, 'template');
  const template = readTemplate(json, pointer, place.budget, problems);
  const parse = parser();
  checkExpressions(template, pointer, parse, problems);
  const places = { declared: pointerTo(pointer, 'parameters'), given: pointerTo(place.pointer, 'parameters') };
  checkGiven(template.parameters, given, places, place.budget, problems);
  if (problems.count > before) return null;

  const setting: Setting = {
    budget: place.budget,
    parse,
    parameter: parametersOf(template.parameters, given, places.declared, () => setting),
    variable: variablesOf(template.variables, pointerTo(pointer, 'variables'), () => setting),
    resourceId: (type, names) => idIn(scopeOf(providerOfType(type), place.scopes), type, names),
    resourceGroup: place.group,
    loops: [],
    surroundings: null,
  };
  for (const name of Object.keys(template.parameters)) {
    problems.attempt(pointerTo(places.declared, name), () => setting.parameter(name));
  }
  const around = { imports: template.imports, scopes: place.scopes, setting, problems };
  const instances = template.resources.flatMap((declared) => instancesOf(declared, around));
  if (instances.length > MAX_RESOURCES) {
    const message = `With its loops the template has more than ${MAX_RESOURCES} resources.`;
    problems.add(pointerTo(pointer, 'resources'), new Refusal('TooLarge', message));
  }
  for (const { declared } of doubles(instances)) {
    problems.add(
      declared.pointer,
      new Refusal('DuplicateResource', 'Another resource of the template has the same id.'),
    );
  }
  if (problems.count > before) return null;
  const secure = securePlaces(template.parameters, given, places);
  const opened = new Opened(template, new Targets(instances), setting, place, secure);
  opened.readDependsOn(problems);
  return opened;
}

export class Opened {
  readonly place: Place;
  readonly targets: Targets;
  /** Pointers to secrets that were given, or that the template has in it. */
  readonly securePlaces: readonly string[];
  readonly #template: Template;
  readonly #setting: Setting;
  readonly #dependencies = new Map<string, Set<string>>();
  #waves: ReadonlyMap<string, number> | null = null;

  constructor(template: Template, targets: Targets, setting: Setting, place: Place, securePlaces: readonly string[]) {
    this.#template = template;
    this.targets = targets;
    this.#setting = setting;
    this.place = place;
    this.securePlaces = securePlaces;
    for (const { symbol, after } of targets.all) this.#dependencies.set(symbol, new Set(after));
  }

  readDependsOn(problems: Problems): void {
    for (const { symbol, declared, loops } of this.targets.all) {
      const place = pointerTo(declared.pointer, 'dependsOn');
      const { dependsOn = [] } = declared.body;
      if (!Array.isArray(dependsOn)) {
        problems.add(place, new Refusal('InvalidShape', 'This is no array.'));
        continue;
      }
      for (const [index, entry] of dependsOn.entries()) {
        problems.attempt(pointerTo(place, index), () => {
          const name = fixedText(entry, { ...this.#setting, loops }, 'A dependency');
          for (const one of this.targets.named(name)) this.#depend(symbol, one.symbol);
        });
      }
    }
  }

  /** What is sent for it. While there is no order yet, what it names becomes what it depends on. */
  bodyOf(instance: Instance, asking: Asking, problems: Problems): Filled & { value: JsonObject } {
    const { declared, isExtension, provider } = instance;
    const body = withoutInnerTemplate(declared);
    const inner = isExtension && isObject(body.properties) ? body.properties : body;
    const about = isExtension ? [provider === 'aws' ? 'alias' : 'name'] : ABOUT;
    const members = Object.fromEntries(Object.entries(inner).filter(([name]) => !about.includes(name)));
    const pointer = isExtension ? pointerTo(declared.pointer, 'properties') : declared.pointer;
    const filled = fill(members, pointer, this.settingFor(instance, asking), problems);
    const value = isObject(filled.value) ? filled.value : {};
    if (!this.#waves) this.#dependOnIdsIn(instance, value);
    const { properties } = declared.body;
    if (!isDeployment(declared.body) || !isObject(properties) || !isObject(value.properties))
      return { ...filled, value };
    const template = properties.template ?? null;
    return { ...filled, value: { ...value, properties: { ...value.properties, template } } };
  }

  outputs(asking: Asking, problems: Problems): Filled & { value: Record<string, Output & JsonObject> } {
    const pointer = pointerTo(pointerTo(this.place.pointer, 'template'), 'outputs');
    return outputsOf(this.#template.outputs, pointer, this.settingFor(null, asking), problems);
  }

  /** From here on a body may name only what is there by then. */
  order(problems: Problems): void {
    const found = wavesOf(this.#dependencies);
    if ('waves' in found) {
      this.#waves = found.waves;
      return;
    }
    const { cycle } = found;
    const pointer = this.targets.get(cycle[0] ?? '')?.declared.pointer ?? '';
    problems.add(pointer, new Refusal('Cycle', `These resources wait for each other: ${cycle.join(' → ')}.`));
  }

  /** Null for what is not made here. */
  waveOf({ symbol, isExisting, isWanted }: Instance): number | null {
    return isExisting || !isWanted ? null : (this.#waves?.get(symbol) ?? null);
  }

  settingFor(instance: Instance | null, { look, needs }: Asking): Setting {
    const surroundings: Surroundings = {
      find: (text) => {
        const { instance: named, ...found } = this.targets.find(text);
        if (instance && named) this.#name(instance, named);
        return found;
      },
      look: (request) => {
        const known = look(request);
        if (known === undefined) needs.set(JSON.stringify(request), request);
        return known;
      },
    };
    return { ...this.#setting, loops: instance?.loops ?? [], surroundings };
  }

  #name(instance: Instance, named: Instance): void {
    if (!this.#waves) {
      this.#depend(instance.symbol, named.symbol);
      return;
    }
    const [own, other] = [this.#waves.get(instance.symbol) ?? 0, this.#waves.get(named.symbol) ?? 0];
    if (named.isExisting || other < own) return;
    const message = `${named.symbol} is not there before ${instance.symbol}: dependsOn has to name it.`;
    throw new Refusal('NotKnownYet', message);
  }

  /** A body that holds another's id, from `resourceId()` or from anywhere, needs that one. */
  #dependOnIdsIn({ symbol }: Instance, body: JsonObject): void {
    for (const { text } of textsIn(body, '')) {
      const other = text.startsWith('/') ? this.targets.withId(text) : undefined;
      if (other && other.symbol !== symbol) this.#depend(symbol, other.symbol);
    }
  }

  #depend(symbol: string, on: string): void {
    this.#dependencies.get(symbol)?.add(on);
  }
}
