// A workload that fails as its environment says: it ends, is ended, does not listen, or is sick. What it says it says twice.
import { createServer } from 'node:http';

const { PORT, FAILS, TEXT = '""', API_KEY = '' } = process.env;
const text = `${JSON.parse(TEXT)}${API_KEY}`;

console.log(`about to fail: ${FAILS}`);
console.log(text);
if (FAILS === 'ends') process.exitCode = 3;
else if (FAILS === 'is-ended') process.kill(process.pid, 'SIGKILL');
else if (FAILS === 'is-deaf') setInterval(() => undefined, 1_000);
else
  createServer((_req, res) => res.writeHead(FAILS === 'is-sick' ? 503 : 200).end(text)).listen(
    Number(PORT),
    '127.0.0.1',
  );
