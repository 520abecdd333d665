// A reservations service as a customer would write it: HTTP, health, configuration, a graceful end. No dependencies.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';

const { PORT, APP_VERSION, SLIPWAY_INSTANCE, SLIPWAY_CONFIG_DIR, NEEDS_SCHEMA, DATABASE_SCHEMA = '41' } = process.env;
/** What it depends on, where it is told of it: each is a `host:port`. */
const PARTS = { sql: process.env.SQL_ADDRESS, 'service-bus': process.env.SERVICE_BUS_ADDRESS };
/** 1.5.0 needs a database schema that nobody has applied: it starts, and never gets healthy. */
const ready = Number(DATABASE_SCHEMA) >= Number(NEEDS_SCHEMA);
const SCHEMA = `the database has schema ${DATABASE_SCHEMA}, this version needs ${NEEDS_SCHEMA}`;
const CONNECT_WITHIN_MS = 1_000;
const PLATFORM = ['PATH', 'HOME', 'LANG', 'PWD', 'PORT', 'APP_VERSION', 'NEEDS_SCHEMA'];

const server = createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://localhost');
  if (pathname === '/healthz') {
    const health = await check();
    return send(res, health.status === 'Healthy' ? 200 : 503, health);
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
  if (!ready) console.log(`waiting for database schema ${NEEDS_SCHEMA}: the database has ${DATABASE_SCHEMA}`);
});
process.on('SIGTERM', () => {
  console.log('SIGTERM: finishing the requests in flight');
  server.close(() => console.log('all requests have ended'));
  setInterval(() => server.closeIdleConnections(), 50).unref();
});

async function check() {
  const self = ready ? { status: 'Healthy' } : { status: 'Unhealthy', description: SCHEMA };
  const parts = Object.entries(PARTS).filter(([, address]) => address);
  const checks = [{ name: 'self', ...self }, ...(await Promise.all(parts.map((part) => checkPart(...part))))];
  return { status: checks.every(({ status }) => status === 'Healthy') ? 'Healthy' : 'Unhealthy', checks };
}

/** It is there when it takes a connection. */
async function checkPart(name, address) {
  const startedAt = performance.now();
  const { hostname: host, port } = new URL(`tcp://${address}`);
  const taken = await new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(CONNECT_WITHIN_MS, () => end(false));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
  const durationMs = Math.round(performance.now() - startedAt);
  return { name, status: taken ? 'Healthy' : 'Unhealthy', durationMs };
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
