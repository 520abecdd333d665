/** A way to a server that can be held: what clients say from then on stays here, and the server never hears of it. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface HoldProxy extends AsyncDisposable {
  address: string;
  /** From now on. */
  hold(): void;
  /** How many bytes were held since. */
  held(): number;
  /** Cuts every connection, with what was held on it; new ones pass. */
  reset(): void;
}

export async function openHoldProxy(targetPort: number): Promise<HoldProxy> {
  const sockets = new Set<Socket>();
  let isHeld = false;
  let held = 0;
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    }
    client.on('data', (chunk) => {
      if (isHeld) held += chunk.length;
      else target.write(chunk);
    });
    target.pipe(client);
    client.once('close', () => target.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const reset = () => {
    isHeld = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => {
      held = 0;
      isHeld = true;
    },
    held: () => held,
    reset,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      reset();
      await closed;
    },
  };
}
