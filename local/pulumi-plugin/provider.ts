// The provider protocol on one side, our kinds of resources on the other.
import type { provider } from '@pulumi/pulumi';
import type { Inputs, ResourceKind, State } from './resource-kind.ts';

export const PLUGIN_VERSION = '0.1.0';

/** @param kinds by type token, e.g. `slipway:local:Folder`. */
export function slipwayProvider(kinds: Record<string, ResourceKind>): provider.Provider {
  const kindOf = (urn: string): ResourceKind => {
    const token = urn.split('::')[2]?.split('$').at(-1) ?? '';
    const kind = kinds[token];
    if (!kind) throw new Error(`unknown resource type ${token}`);
    return kind;
  };

  return {
    version: PLUGIN_VERSION,
    check: async (urn, _olds, news: Inputs) => await plainly(async () => checkInputs(kindOf(urn), news)),
    diff: async (_id, urn, olds: State, news: Inputs) => await plainly(async () => diffOf(kindOf(urn), olds, news)),
    create: async (urn, inputs: Inputs) => await created(kindOf(urn), own(inputs)),
    read: async (id, urn, props: State) =>
      await plainly(async () => {
        const kind = kindOf(urn);
        const state = await kind.read(id, props);
        // An empty id is how the protocol says "not there".
        return state ? { id, props: state, inputs: pick(state, kind) } : { id: '', props: {} };
      }),
    update: async (id, urn, _olds, news: Inputs) =>
      await plainly(async () => ({ outs: await kindOf(urn).ensure(id, own(news)) })),
    delete: async (id, urn, props: State) => await plainly(async () => await kindOf(urn).remove(id, props)),
  };
}

function checkInputs(kind: ResourceKind, news: Inputs) {
  const inputs = own(news);
  const unknown = Object.keys(inputs).filter((name) => !(name in kind.inputs));
  const failures = unknown.map((property) => ({ property, reason: 'is not an input of this resource' }));
  for (const [property, problemOf] of Object.entries(kind.inputs)) {
    const reason = problemOf(inputs[property]);
    if (reason !== null) failures.push({ property, reason });
  }
  return { inputs, failures };
}

function diffOf(kind: ResourceKind, olds: State, news: Inputs) {
  const wanted = own(news);
  const changed = Object.keys(kind.inputs).filter(
    (name) => JSON.stringify(olds[name]) !== JSON.stringify(wanted[name]),
  );
  const replaces = changed.filter((name) => kind.replaceOn.includes(name));
  const changes = changed.length > 0 || olds.incomplete === true;
  return { changes, replaces, deleteBeforeReplace: replaces.length > 0 };
}

/**
 * A create that fails may have made a part. Its error carries id and inputs, which is how the protocol says so: the
 * engine then keeps the resource in its state, the next `up` updates it and a `destroy` deletes it.
 */
async function created(kind: ResourceKind, inputs: Inputs) {
  const id = String(inputs.environmentId);
  try {
    return { id, outs: await plainly(async () => await kind.ensure(id, inputs)) };
  } catch (error) {
    throw Object.assign(error as Error, { id, properties: inputs, reasons: [(error as Error).message] });
  }
}

/** Without the engine's own members (`__defaults` and the like). */
function own(bag: Inputs): Inputs {
  return Object.fromEntries(Object.entries(bag).filter(([name]) => !name.startsWith('__')));
}

function pick(state: State, kind: ResourceKind): Inputs {
  return Object.fromEntries(Object.entries(state).filter(([name]) => name in kind.inputs));
}

/** The engine prints what a provider throws: one sentence, without stack and without what a driver attached to it. */
async function plainly<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const plain = new Error(error instanceof Error ? error.message : String(error));
    plain.stack = '';
    throw plain;
  }
}
