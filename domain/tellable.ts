/**
 * Text that somebody else has written, made fit to be told: a workload's answer or log line, an engine's error. Nothing
 * secret is in it, no control character (which neither a terminal nor a jsonb column takes well), and it is bounded.
 */
const REDACTED = '[redacted]';
/** What is shorter is in every text. */
const SHORTEST_SECRET = 4;
const LINES = 20;
const LINE_CHARACTERS = 500;

/** Secrets that are known are not in it any more: neither as they are nor as JSON or a URL writes them, nor any line of them. */
export function withoutValues(text: string, values: readonly string[]): string {
  const forms = values.flatMap((value) => [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value.toWellFormed()),
    ...value.split(/\r?\n/).map((line) => line.trim()),
  ]);
  const known = [...new Set(forms)].filter((form) => form.length >= SHORTEST_SECRET);
  // The longest first: a part of it would leave the rest.
  known.sort((a, b) => b.length - a.length);
  return known.reduce((rest, form) => rest.replaceAll(form, REDACTED), text);
}

/** Nor is what looks like a credential. */
export function withoutCredentials(text: string): string {
  return text
    .replace(/:\/\/[^\s/@:]*:[^\s/@]*@/g, `://${REDACTED}@`)
    .replace(
      /\b(\w*(?:password|passphrase|secret|token|api_?key)\w*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;]+)/gi,
      `$1${REDACTED}`,
    );
}

export function tellable(text: string, atMost = LINE_CHARACTERS): string {
  const plain = withoutCredentials(text)
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
    .replace(/[\t\r\n]/g, ' ')
    .replace(/\p{C}/gu, '')
    .trimEnd();
  // A character may be two units, and is not cut within.
  const characters = [...plain.slice(0, 2 * atMost + 2)];
  return characters.length > atMost ? `${characters.slice(0, atMost - 1).join('')}…` : plain;
}

/** The last of them. */
export function tellableLines(lines: readonly string[]): string[] {
  return lines.slice(-LINES).map((line) => tellable(line));
}
