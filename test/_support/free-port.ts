import { createServer, type Server } from 'node:net';

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

/** Environments take their blocks of ports from here on; above those of `freePort`, for the same reason below 32,768. */
const STRETCHES = { first: 20_000, size: 2_000, count: 6 };

export interface PortStretch {
  first: number;
  release(): Promise<void>;
}

/** A stretch that no other platform on this machine has, in whatever run of the tests: its last port is held as the claim. */
export async function claimStretch(): Promise<PortStretch> {
  const { first, size, count } = STRETCHES;
  for (let at = 0; at < count; at += 1) {
    const claim = await listenOn(first + (at + 1) * size - 1);
    if (claim) return { first: first + at * size, release: () => closed(claim) };
  }
  throw new Error(`all ${count} stretches of ports from ${first} on are claimed by other platforms`);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listenOn(port);
  if (server) await closed(server);
  return server !== null;
}

/** Null when somebody listens there. */
async function listenOn(port: number): Promise<Server | null> {
  const server = createServer().unref();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(null)).listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function closed(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
