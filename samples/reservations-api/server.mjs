// A reservations service as a customer would write it: HTTP, health, configuration, a graceful end. No dependencies.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const { PORT, APP_VERSION, SLIPWAY_INSTANCE, SLIPWAY_CONFIG_DIR, NEEDS_SCHEMA, DATABASE_SCHEMA = '41' } = process.env;
const PLATFORM = ['PATH', 'HOME', 'LANG', 'PWD', 'PORT', 'APP_VERSION', 'NEEDS_SCHEMA'];

const server = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://localhost');
  if (pathname === '/healthz') {
    const health = check();
    return send(res, health.status === 'ok' ? 200 : 503, health);
  }
  if (pathname !== '/') return send(res, 404, { error: 'not found' });
  const body = { service: 'reservations-api', version: APP_VERSION, pid: process.pid, instance: SLIPWAY_INSTANCE };
  const answer = () => send(res, 200, { ...body, configuration: configuration() });
  // `?delayMs=500` stands for a request that takes its time.
  const delayMs = Math.min(Number(searchParams.get('delayMs')) || 0, 30_000);
  if (delayMs === 0) return answer();
  console.log(`a slow request of ${delayMs} ms begins`);
  setTimeout(answer, delayMs);
});

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`reservations-api ${APP_VERSION} listens on ${PORT}`);
  check(console.log);
});
process.on('SIGTERM', () => {
  console.log('SIGTERM: finishing the requests in flight');
  server.close(() => console.log('all requests have ended'));
  setInterval(() => server.closeIdleConnections(), 50).unref();
});

/** 1.5.0 needs a database schema that nobody has applied: it starts, and never gets healthy. */
function check(log = () => {}) {
  const startedAt = performance.now();
  const ready = Number(DATABASE_SCHEMA) >= Number(NEEDS_SCHEMA);
  if (!ready) log(`waiting for database schema ${NEEDS_SCHEMA}: the database has ${DATABASE_SCHEMA}`);
  const schema = { name: 'database-schema', status: ready ? 'ok' : `has ${DATABASE_SCHEMA}, needs ${NEEDS_SCHEMA}` };
  const durationMs = Math.round(performance.now() - startedAt);
  return { status: ready ? 'ok' : 'unavailable', checks: [{ ...schema, durationMs }] };
}

function configuration() {
  const env = Object.entries(process.env).filter(([name]) => !PLATFORM.includes(name) && !name.startsWith('SLIPWAY_'));
  const paths = readdirSync(SLIPWAY_CONFIG_DIR, { recursive: true });
  const files = paths.filter((path) => statSync(join(SLIPWAY_CONFIG_DIR, path)).isFile());
  const contents = files.map((path) => [path, readFileSync(join(SLIPWAY_CONFIG_DIR, path), 'utf8')]);
  return { env: Object.fromEntries(env), files: Object.fromEntries(contents) };
}

function send(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
