/** One service's port: everything that arrives there goes to its backends. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { drain, listen } from '../listen.ts';
import type { Balancer } from './balancer.ts';
import { forward, forwardUpgrade } from './forward.ts';

/** Longer than callers keep idle connections, so that it is they who close them and no request meets a closing one. */
const KEEP_ALIVE_MS = 120_000;
const END_GRACE_MS = 10_000;

export class ServiceListener {
  readonly port: number;
  readonly balancer: Balancer;
  readonly #server: Server;
  /** Sockets that became WebSockets: the HTTP server no longer knows them, yet waits for them. */
  readonly #upgraded = new Set<Socket>();

  private constructor(port: number, balancer: Balancer, server: Server) {
    this.port = port;
    this.balancer = balancer;
    this.#server = server;
  }

  static async open(port: number, balancer: Balancer): Promise<ServiceListener> {
    const server = await listen((req, res) => void forward(balancer, req, res), port);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // How long an upload may take is the workload's business.
    server.requestTimeout = 0;
    const listener = new ServiceListener(port, balancer, server);
    server.on('upgrade', (req, socket, head) => {
      listener.#upgraded.add(socket as Socket);
      socket.once('close', () => listener.#upgraded.delete(socket as Socket));
      void forwardUpgrade(balancer, req, socket as Socket, head);
    });
    return listener;
  }

  /** Takes no new connection; what is in flight ends, or is cut off after ten seconds. */
  async close(): Promise<void> {
    const cut = setTimeout(() => this.#upgraded.forEach((socket) => socket.destroy()), END_GRACE_MS);
    await drain(this.#server, END_GRACE_MS);
    clearTimeout(cut);
  }
}
