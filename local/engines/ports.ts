// Fixed ports are checked before anything starts, so that a busy one is a sentence and not a broken half of a platform.
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface FixedPort {
  port: number;
  /** The environment variable that moves it. */
  variable: string;
}

const PATIENCE_MS = 1_500;
const POLL_MS = 100;

/** One sentence that names port and variable. */
export class PortBusyError extends Error {}

/** @throws PortBusyError for the first port that something else listens on */
export async function checkPorts(ports: readonly FixedPort[]): Promise<void> {
  for (const { port, variable } of ports) {
    const problem = await whyNotFor(port, PATIENCE_MS);
    if (problem === 'EADDRINUSE') {
      throw new PortBusyError(`Port ${port} is in use by another program; free it or set ${variable} to another port.`);
    }
    if (problem !== null) {
      throw new PortBusyError(`Port ${port} cannot be used (${problem}); set ${variable} to another port.`);
    }
  }
}

/** A port above 32767 may for a moment be the near end of somebody's outgoing connection. */
async function whyNotFor(port: number, patienceMs: number): Promise<string | null> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const problem = await whyNot(port);
    if (problem === null || Date.now() > deadline) return problem;
    await delay(POLL_MS);
  }
}

function whyNot(port: number): Promise<string | null> {
  return new Promise((settle) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => settle(null)));
  });
}
