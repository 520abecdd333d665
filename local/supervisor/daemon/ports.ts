/**
 * Hands out ports of an environment's range. Its first quarter is for the proxy's service ports, the rest for replicas.
 * A port is given once, and only when nothing listens on it now.
 */
import { createServer } from 'node:net';
import { OperationFault } from '../../../domain/failures.ts';

export interface PortRange {
  first: number;
  count: number;
}

export function portRanges(placement: { portBase: number; portCount: number }): {
  services: PortRange;
  replicas: PortRange;
} {
  const serviceCount = Math.floor(placement.portCount / 4);
  return {
    services: { first: placement.portBase, count: serviceCount },
    replicas: { first: placement.portBase + serviceCount, count: placement.portCount - serviceCount },
  };
}

export class Ports {
  readonly #taken = new Set<number>();
  #turn: Promise<unknown> = Promise.resolve();

  /** Takes note of a port that a record on disk holds. */
  hold(port: number): void {
    this.#taken.add(port);
  }

  release(port: number): void {
    this.#taken.delete(port);
  }

  /** @throws OperationFault `PortsExhausted`; nothing is taken then. */
  async take(range: PortRange, count: number): Promise<number[]> {
    const turn = this.#turn.then(() => this.#find(range, count));
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  async #find({ first, count: size }: PortRange, count: number): Promise<number[]> {
    const found: number[] = [];
    for (let port = first; port < first + size && found.length < count; port += 1) {
      if (!this.#taken.has(port) && (await isFree(port))) found.push(port);
    }
    if (found.length < count) {
      const message = `${count} ports are needed and ${found.length} are free in ${first}–${first + size - 1}`;
      throw new OperationFault({ code: 'PortsExhausted', message });
    }
    for (const port of found) this.#taken.add(port);
    return found;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
