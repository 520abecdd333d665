/** `npm run bench:bodies`: what bodies that are made to cost much cost: CPU of this process, the best of five rounds. */
import { loadavg } from 'node:os';
import { parseJson } from '../api/json.ts';

const LIMIT = 1024 * 1024;
const times = (count: number, text: string) => text.repeat(Math.floor(count / text.length));
const list = (count: number, of: (index: number) => string) => Array.from({ length: count }, (_, n) => of(n)).join(',');

/** Each as large as the reader lets through. */
const BODIES: Record<string, string> = {
  'a list of ones': `[${times(LIMIT - 8, '1,')}1]`,
  'lists within lists': times(LIMIT / 2, '[') + times(LIMIT / 2, ']'),
  'lists that never end': times(LIMIT, '['),
  'empty objects': `[${times(LIMIT - 8, '{},')}{}]`,
  '80,000 keys': `{${list(80_000, (n) => `"k${n}":1`)}}`,
  'as many keys as may be': `{${list(8_192, (n) => `"a-rather-long-key-${n}":""`)}}`,
  'one key again and again': `{${list(100_000, () => '"k":1')}}`,
  'one text': `"${times(LIMIT - 2, 'a')}"`,
  escapes: `"${times(LIMIT - 2, '\\n')}"`,
  'a text that never ends': `"${times(LIMIT - 2, '\\"')}`,
};

console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
for (const [name, body] of Object.entries(BODIES)) {
  const bytes = Buffer.from(body);
  const rounds = Array.from({ length: 5 }, () => cost(bytes));
  const best = rounds.toSorted((a, b) => a.ms - b.ms)[0];
  console.log(`${best?.ms.toFixed(1).padStart(7)} ms  ${name}: ${best?.what}`);
}

function cost(bytes: Uint8Array): { ms: number; what: string } {
  const before = process.cpuUsage();
  const what = outcome(bytes);
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1000, what };
}

function outcome(bytes: Uint8Array): string {
  try {
    parseJson(bytes);
    return 'parsed; what it means is judged by its shape';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
