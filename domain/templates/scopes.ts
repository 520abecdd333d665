/** Where resources lie: each provider has the scope that the deployment gives it. */
import { own } from '../own.ts';
import { isObject, named, pointerTo, type Json } from './json.ts';
import { pathOf } from './path.ts';
import type { Problems } from './problems.ts';
import { Refusal } from './refusal.ts';

export const PROVIDERS = ['radius', 'aws', 'az', 'deployments'] as const;
export type Provider = (typeof PROVIDERS)[number];
/** Root scopes: `/planes/radius/local/resourceGroups/my-group`. */
export type Scopes = Partial<Record<Provider, string>>;

/**
 * @param providerConfig the deployment's, as `{ radius: { type, value: { scope } } }`
 * @param around what Radius' resources and nested deployments lie in when it says nothing: the deployment's own scope
 */
export function scopesOf(providerConfig: Json, around: string, pointer: string, problems: Problems): Scopes {
  const scopes: Scopes = { radius: around, deployments: around };
  if (!isObject(providerConfig)) {
    if (providerConfig !== null) problems.add(pointer, new Refusal('InvalidShape', 'This is no object.'));
    return scopes;
  }
  for (const [name, config] of Object.entries(providerConfig)) {
    const provider = PROVIDERS.find((one) => one === name.toLowerCase());
    const value = isObject(config) ? config.value : undefined;
    const scope = isObject(value) ? value.scope : undefined;
    const place = pointerTo(pointer, name);
    // Kubernetes' has no scope, and is there beside the others.
    if (!provider) continue;
    if (typeof scope === 'string' && scope.startsWith('/')) scopes[provider] = scope.replace(/\/$/, '');
    else problems.add(pointerTo(pointerTo(place, 'value'), 'scope'), new Refusal('InvalidShape', 'This is no scope.'));
  }
  return scopes;
}

/** The provider of what an extension makes. @throws Refusal */
export function providerOfImport(alias: string, imports: Readonly<Record<string, string>>): Provider {
  const name = named(imports, alias);
  if (name === undefined) throw new Refusal('InvalidShape', 'The template has no such extension.');
  const provider = own<Provider>({ radius: 'radius', aws: 'aws' }, name);
  if (!provider) throw new Refusal('NotSupported', 'Extensions are Radius and AWS.');
  return provider;
}

/** The provider of a type that is named without an extension. */
export function providerOfType(type: string): Provider {
  const folded = type.toLowerCase();
  if (folded === 'microsoft.resources/deployments') return 'deployments';
  if (folded.startsWith('microsoft.')) return 'az';
  return folded.startsWith('aws.') ? 'aws' : 'radius';
}

/** @throws Refusal when the deployment says of no scope for them */
export function scopeOf(provider: Provider, scopes: Scopes): string {
  const scope = scopes[provider];
  if (scope !== undefined) return scope;
  throw new Refusal('MissingScope', `The deployment's providerconfig has no scope for ${provider}.`);
}

/** @throws Refusal */
export function idIn(scope: string, type: string, names: readonly string[]): string {
  return `${scope}/providers/${pathOf(type, names)}`;
}
