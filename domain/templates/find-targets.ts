/** The resources of a template by all the names that its texts have for them. */
import type { Named } from './expressions/setting.ts';
import { Refusal } from './refusal.ts';
import type { Instance } from './targets.ts';

export class Targets {
  readonly #bySymbol = new Map<string, Instance>();
  /** By symbols of loops, names of loops, and, where a template gives its resources no symbols, their names. */
  readonly #byName = new Map<string, Instance[]>();
  readonly #byId = new Map<string, Instance>();

  constructor(instances: readonly Instance[]) {
    for (const instance of instances) {
      const { symbol, declared, name, type, loops, id } = instance;
      this.#bySymbol.set(symbol, instance);
      if (name !== null && !this.#byId.has(id.toLowerCase())) this.#byId.set(id.toLowerCase(), instance);
      const names = declared.isNamed ? [] : [name ?? '', `${type}/${name ?? ''}`.toLowerCase(), loops[0]?.name ?? ''];
      if (loops.length > 0 && declared.isNamed) names.push(declared.symbol);
      for (const one of new Set(names))
        if (one !== '') this.#byName.set(one, [...(this.#byName.get(one) ?? []), instance]);
    }
  }

  get all(): Iterable<Instance> {
    return this.#bySymbol.values();
  }

  get(symbol: string): Instance | undefined {
    return this.#bySymbol.get(symbol);
  }

  withId(id: string): Instance | undefined {
    return this.#byId.get(id.toLowerCase());
  }

  /** What an entry of `dependsOn` names: all turns of a loop, too. @throws Refusal when there is none */
  named(text: string): Instance[] {
    const one = this.#bySymbol.get(text) ?? this.withId(text);
    const found = one ? [one] : (this.#byName.get(text) ?? this.#byName.get(text.toLowerCase()) ?? []);
    if (found.length === 0) throw new Refusal('UnknownResource', 'The template has no such resource.');
    return found;
  }

  /** The one resource that an expression names; one of elsewhere by its id. @throws Refusal */
  find(text: string): Named & { instance?: Instance } {
    if (text.startsWith('/') && !this.withId(text)) return { symbol: null, id: text, apiVersion: null, isWhole: false };
    const [instance, ...others] = this.named(text);
    if (!instance || others.length > 0) {
      throw new Refusal(
        'UnknownResource',
        'The template has several resources of this name: one of them is to be named.',
      );
    }
    if (!instance.isWanted) throw new Refusal('UnknownResource', 'The condition of this resource does not hold.');
    const { symbol, name, id, apiVersion, isExtension } = instance;
    return { symbol, id: name === null ? null : id, apiVersion, isWhole: isExtension, instance };
  }
}

/** @returns those that are made, and are not the only one of their id */
export function doubles(instances: readonly Instance[]): Instance[] {
  const seen = new Set<string>();
  return instances.filter(({ id, name, isExisting, isWanted }) => {
    if (name === null || isExisting || !isWanted) return false;
    const isDouble = seen.has(id.toLowerCase());
    seen.add(id.toLowerCase());
    return isDouble;
  });
}
