/** A connection to a backend, made before anything of a request is touched, so that a refusal costs only another try. */
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Balancer } from './balancer.ts';

const CONNECT_TIMEOUT_MS = 2_000;

export interface Connection {
  backend: string;
  /** Gives this one connection to the one request it is for. No connection is kept: an idle one may be dead. */
  agent: Agent;
}

/** The next backend that takes the connection; each that does not is added to `tried`. Null when none is left. */
export async function connectToNext(balancer: Balancer, tried: Set<string>): Promise<Connection | null> {
  for (;;) {
    const backend = balancer.acquire(tried);
    if (backend === null) return null;
    tried.add(backend);
    const socket = await open(backend);
    if (socket) return { backend, agent: new ReadyAgent(socket) };
    balancer.release(backend);
  }
}

class ReadyAgent extends Agent {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ keepAlive: false });
    this.#socket = socket;
  }

  override createConnection(): Socket {
    return this.#socket;
  }
}

async function open(backend: string): Promise<Socket | null> {
  const [host, port] = backend.split(':');
  const socket = connect({ host, port: Number(port), noDelay: true });
  return await new Promise((resolve) => {
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy());
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    // From the connection on, the request that uses the socket reports its errors; here they only end the attempt.
    socket.on('error', () => resolve(null));
    socket.once('close', () => resolve(null));
  });
}
