// A workload that writes down each of its starts, so that what was started can be counted by what was started.
import { appendFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:http';

const { PORT, SLIPWAY_INSTANCE, JOURNAL, ROUND, SICK } = process.env;
appendFileSync(JOURNAL, `${SLIPWAY_INSTANCE}\n`);

const server = createServer((_req, res) => {
  // While this file is there it takes every request, and answers none.
  if (existsSync(`${JOURNAL}.hung-${ROUND}`)) return;
  res.writeHead(SICK ? 503 : 200, { 'content-type': 'text/plain' }).end(SLIPWAY_INSTANCE);
});
server.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close();
  setInterval(() => server.closeIdleConnections(), 50).unref();
});
