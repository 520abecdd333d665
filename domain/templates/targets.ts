/** The resources of a template, each turn of a loop one, as far as everything about them is known from the start. */
import type { Loop, Setting } from './expressions/setting.ts';
import { fixed, fixedText, turnsOf } from './fill.ts';
import { isObject, pointerTo, type Json, type JsonObject } from './json.ts';
import type { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';
import { idIn, providerOfImport, providerOfType, scopeOf, type Provider, type Scopes } from './scopes.ts';
import type { DeclaredResource } from './template.ts';

export interface Target {
  /** Its name in the template, in a loop with its turn: `containers[0]`. */
  symbol: string;
  provider: Provider;
  /** `Applications.Core/containers` */
  type: string;
  apiVersion: string;
  /** Its universal id; that of its collection where it has no name yet. */
  id: string;
  /** Null where the system that makes it names it: AWS. */
  name: string | null;
  /** It is not made here: it is there already. */
  isExisting: boolean;
  /** Whether its condition holds. */
  isWanted: boolean;
}

export interface Instance extends Target {
  declared: DeclaredResource;
  /** Whether it is of an extension: then its body is in its `properties`, and a reference to it is all of it. */
  isExtension: boolean;
  loops: Loop[];
  /** Turns of a serial loop that have to be over before. */
  after: string[];
}

/** How a resource is told from its body, besides its dependencies. */
export const ABOUT = [
  ...['type', 'apiVersion', 'name', 'scope', 'existing', 'import', 'extension'],
  ...['condition', 'dependsOn', 'copy', 'comments', 'metadata', 'resources'],
];

export interface Surrounding {
  imports: Readonly<Record<string, string>>;
  scopes: Scopes;
  setting: Setting;
  problems: Problems;
}

/** One resource, or as many as its loop has turns. What is wrong is noted, and that resource left out. */
export function instancesOf(declared: DeclaredResource, around: Surrounding): Instance[] {
  const { body, pointer, symbol } = declared;
  const { problems, setting } = around;
  if (body.resources !== undefined) {
    const advice = 'A resource within a resource is written beside it, with its full type and name.';
    problems.add(pointerTo(pointer, 'resources'), new Refusal('NotSupported', advice));
  }
  if (body.copy === undefined) {
    const instance = problems.attempt(pointer, () => instanceOf(declared, symbol, [], around));
    return instance ? [instance] : [];
  }
  const loop = problems.attempt(pointerTo(pointer, 'copy'), () => loopOf(body.copy ?? null, setting));
  if (!loop) return [];
  const symbolOf = (turn: number) => `${symbol}[${turn}]`;
  const turns = Array.from({ length: loop.count }, (_, index) => {
    const loops = [{ name: loop.name, index }];
    const instance = problems.attempt(pointer, () => instanceOf(declared, symbolOf(index), loops, around));
    const batch = Math.floor(index / loop.batchSize) * loop.batchSize;
    const before = Array.from({ length: batch === 0 ? 0 : loop.batchSize }, (_one, at) => symbolOf(batch - 1 - at));
    return instance ? [{ ...instance, after: before }] : [];
  });
  return turns.flat();
}

function loopOf(copy: Json, setting: Setting) {
  if (!isObject(copy) || copy.count === undefined) {
    throw new Refusal('InvalidShape', 'The loop of a resource is an object with its name and count.');
  }
  const name = fixedText(copy.name, setting, 'The name of a loop');
  const count = turnsOf(copy.count, setting);
  const isSerial = typeof copy.mode === 'string' && copy.mode.toLowerCase() === 'serial';
  const size = copy.batchSize === undefined ? 1 : fixed(copy.batchSize, setting, 'The size of a batch');
  const isSize = typeof size === 'number' && Number.isInteger(size) && size > 0;
  if (!isSize) throw new Refusal('InvalidShape', 'The size of a batch is a whole number from 1 on.');
  return { name, count, batchSize: isSerial ? size : Math.max(count, 1) };
}

/** @throws Refusal */
function instanceOf(declared: DeclaredResource, symbol: string, loops: Loop[], around: Surrounding): Instance {
  const { body } = declared;
  const setting = { ...around.setting, loops };
  if (body.subscriptionId !== undefined || body.resourceGroup !== undefined) {
    throw new Refusal('NotSupported', 'A deployment lies where the one around it lies.');
  }
  const alias = body.import ?? body.extension;
  const isExtension = alias !== undefined;
  const provided = isExtension && providerOfImport(fixedText(alias, setting, 'The extension'), around.imports);
  const [type = '', version] = fixedText(body.type, setting, 'The type').split('@');
  const provider = provided || providerOfType(type);
  const name = nameOf(body, provider, isExtension, setting);
  if (body.existing === true && name === null) {
    throw new Refusal('NotSupported', 'A resource of AWS that is there already is named by its id.');
  }
  const root = rootOf(body, provider, around.scopes, setting);
  return {
    symbol,
    provider,
    type,
    apiVersion: version ?? fixedText(body.apiVersion, setting, 'The apiVersion'),
    id: name === null ? `${root}/providers/${type}` : idIn(root, type, name.split('/')),
    name,
    isExisting: body.existing === true,
    isWanted: isWanted(body.condition ?? true, setting),
    declared,
    isExtension,
    loops,
    after: [],
  };
}

function nameOf(body: JsonObject, provider: Provider, isExtension: boolean, setting: Setting): string | null {
  if (!isExtension) return fixedText(body.name, setting, 'The name');
  if (!isObject(body.properties)) throw new Refusal('InvalidShape', 'A resource of an extension is its properties.');
  const strange = Object.keys(body).find((member) => member !== 'properties' && !ABOUT.includes(member));
  if (strange !== undefined)
    throw new Refusal('InvalidShape', 'All of a resource of an extension is in its properties.');
  return provider === 'aws' ? null : fixedText(body.properties.name, setting, 'The name in its properties');
}

function rootOf(body: JsonObject, provider: Provider, scopes: Scopes, setting: Setting): string {
  if (body.scope === undefined) return scopeOf(provider, scopes);
  const scope = fixedText(body.scope, setting, 'The scope');
  if (scope.startsWith('/')) return scope.replace(/\/$/, '');
  throw new Refusal('NotSupported', 'The scope of a resource is a whole id.');
}

function isWanted(condition: Json, setting: Setting): boolean {
  const value = fixed(condition, setting, 'The condition');
  if (typeof value !== 'boolean') throw new Refusal('WrongType', 'The condition is no boolean.');
  return value;
}
