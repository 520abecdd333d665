/** A full image reference, `[registry[:port]/]path[/path…]:tag`: the only shape the store accepts. */
const part = '[a-z0-9]+(?:[._-][a-z0-9]+)*';
const REFERENCE = new RegExp(`^(?:${part}(?::[0-9]{1,5})?/)?(?:${part}/)*${part}:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`);

export function isImageReference(text: string): boolean {
  return text.length <= 255 && REFERENCE.test(text) && !text.includes('..');
}
