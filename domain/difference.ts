/** What has to be done to one set of named texts for it to become another. */
export interface Difference {
  added: Record<string, string>;
  removed: Record<string, string>;
  changed: Record<string, { from: string; to: string }>;
}

type Texts = Record<string, string>;

export function differenceOf(from: Texts, to: Texts): Difference {
  const kept = Object.keys(from).filter((name) => Object.hasOwn(to, name) && from[name] !== to[name]);
  return {
    added: without(to, from),
    removed: without(from, to),
    changed: Object.fromEntries(kept.map((name) => [name, { from: from[name] ?? '', to: to[name] ?? '' }])),
  };
}

function without(texts: Texts, others: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([name]) => !Object.hasOwn(others, name)));
}
