/** What stands under a name that somebody chose: `constructor` is one, and every object has something under that. */
export function own<T>(entries: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
