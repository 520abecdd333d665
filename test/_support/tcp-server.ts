import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** Something that takes connections on loopback, such as a database would, and says nothing. */
export interface TcpServer extends AsyncDisposable {
  port: number;
}

/** @param port a free one when it is left out */
export async function openTcpServer(port = 0): Promise<TcpServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
