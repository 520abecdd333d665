import { createServer } from 'node:net';

/**
 * Below the ports that the system gives to outgoing connections, one of which could take a port while what listens there
 * is started anew; above those of a platform that somebody runs beside the tests. Each of vitest's workers has a part.
 */
const FIRST = 10_000;
const PER_WORKER = 2_000;
const WORKERS = 5;

const first = FIRST + PER_WORKER * (Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS);
// Another run of the tests may be going on.
let next = Math.floor(Math.random() * PER_WORKER);

/** A port on loopback that nothing listens on now, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < PER_WORKER; tried += 1) {
    const port = first + (next++ % PER_WORKER);
    if (await isFree(port)) return port;
  }
  throw new Error(`every port from ${first} to ${first + PER_WORKER - 1} is taken`);
}

/** Such a port for each of these parts, by the variable that sets it. */
export async function freePorts(parts: string[]): Promise<Record<string, string>> {
  const entries = await Promise.all(
    parts.map(async (name) => [`SLIPWAY_${name}_PORT`, String(await freePort())] as const),
  );
  return Object.fromEntries(entries);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
