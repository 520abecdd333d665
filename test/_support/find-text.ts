/** Looks for a text in every file below a folder, whatever its form: at rest a secret may be nowhere. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The files that hold it, plain or in base64 or hex. Sockets and what goes away meanwhile are left out. */
export function filesWith(folder: string, text: string): string[] {
  const forms = [Buffer.from(text), Buffer.from(Buffer.from(text).toString('hex')), ...base64Forms(text)];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const content = read(file);
      return content !== null && forms.some((form) => content.includes(form));
    });
}

/** A text inside a longer one has three spellings in base64; without the ends, which depend on what stands beside it. */
export function base64Forms(text: string): Buffer[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.from('x'.repeat(before) + text).toString('base64');
    return Buffer.from(encoded.slice(4, -4));
  });
}

function read(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
