// A worker as a customer would write it: it works on a timer, and tells over HTTP how it does. No dependencies.
import { createServer } from 'node:http';

const { PORT, APP_VERSION, SLIPWAY_INSTANCE, NEEDS_SCHEMA, DATABASE_SCHEMA = '41' } = process.env;
const WORK_EVERY_MS = 1_000;
/** 1.5.0 needs a database schema that nobody has applied: it starts, and never gets healthy. */
const ready = Number(DATABASE_SCHEMA) >= Number(NEEDS_SCHEMA);
let runs = 0;

const timer = setInterval(() => {
  if (!ready) {
    console.log(`waiting for database schema ${NEEDS_SCHEMA}: the database has ${DATABASE_SCHEMA}`);
    return;
  }
  runs += 1;
  if (runs === 1 || runs % 60 === 0) console.log(`billing run ${runs}: all invoices are settled`);
}, WORK_EVERY_MS);

const server = createServer((req, res) => {
  if (req.url === '/healthz') {
    const status = ready ? 'Healthy' : 'Unhealthy';
    const description = ready ? undefined : `the database has schema ${DATABASE_SCHEMA}, needs ${NEEDS_SCHEMA}`;
    return send(res, ready ? 200 : 503, { status, checks: [{ name: 'self', status, description }] });
  }
  if (req.url !== '/') return send(res, 404, { error: 'not found' });
  send(res, 200, {
    service: 'billing-worker',
    version: APP_VERSION,
    pid: process.pid,
    instance: SLIPWAY_INSTANCE,
    runs,
  });
});

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`billing-worker ${APP_VERSION} works every ${WORK_EVERY_MS} ms, health on ${PORT}`);
});
process.on('SIGTERM', () => {
  console.log('SIGTERM: finishing');
  clearInterval(timer);
  server.close(() => console.log(`ended after ${runs} billing runs`));
  setInterval(() => server.closeIdleConnections(), 50).unref();
});

function send(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
