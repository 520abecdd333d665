// A workload that fails as its environment says: it ends, is ended, does not listen, or is sick. What it says it says twice.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';

const { PORT, SLIPWAY_INSTANCE, FAILS, FROM = '0', ENDS_ONCE_THERE: mark, TEXT = '""', API_KEY = '' } = process.env;
const ordinal = Number(SLIPWAY_INSTANCE.split('-').at(-1));
const fails = mark && existsSync(mark) ? 'ends' : ordinal >= Number(FROM) ? FAILS : undefined;
const text = `${JSON.parse(TEXT)}${API_KEY}`;

console.log(`about to fail: ${fails}`);
console.log(text);
if (fails === 'ends') process.exitCode = 3;
else if (fails === 'is-ended') process.kill(process.pid, 'SIGKILL');
else if (fails === 'is-deaf') setInterval(() => undefined, 1_000);
else
  createServer((_req, res) => res.writeHead(fails === 'is-sick' ? 503 : 200).end(text)).listen(
    Number(PORT),
    '127.0.0.1',
  );
