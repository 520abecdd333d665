/** The parts of a route below what all of them begin with. */
export function nounsOf(route: string): string[] {
  return route.split('/').filter((part) => part !== '' && part !== 'runtime' && part !== 'internal');
}

/** `GET /runtime/services/{serviceId}/logs` is `listServiceLogs`: the name of an operation by method and route alone. */
export function operationIdOf(method: string, route: string): string {
  const parts = nounsOf(route);
  const nouns = parts.flatMap((part, index) =>
    part.startsWith('{') ? [] : [{ text: part, ofOne: parts[index + 1]?.startsWith('{') === true }],
  );
  const last = nouns.at(-1);
  if (!last) throw new Error(`${route} has no noun`);
  const before = nouns.slice(0, -1).map(({ text, ofOne }) => pascal(ofOne ? singular(text) : text));
  const isPlural = /[^s]s$/.test(last.text);
  if (method === 'POST' && nouns.length > 1 && !isPlural) return camel(last.text) + before.join('');
  const noun = (verb: string, text: string) => verb + before.join('') + pascal(text);
  switch (method) {
    case 'POST':
      return noun('create', singular(last.text));
    case 'PATCH':
      return noun('update', singular(last.text));
    case 'GET':
      return isPlural && !last.ofOne
        ? noun('list', last.text)
        : noun('get', last.ofOne ? singular(last.text) : last.text);
    default:
      return noun(method.toLowerCase(), singular(last.text));
  }
}

/** `createSecretBinding` is `Create secret binding`. */
export function sentenceOf(operationId: string): string {
  const words = operationId.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words[0]?.toUpperCase() + words.slice(1);
}

function singular(noun: string): string {
  return noun.replace(/ies$/, 'y').replace(/([^s])s$/, '$1');
}

function pascal(text: string): string {
  const name = camel(text);
  return name[0]?.toUpperCase() + name.slice(1);
}

function camel(text: string): string {
  return text.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
}
