/** Starting and ending an HTTP server on loopback. */
import { createServer, type RequestListener, type Server } from 'node:http';

/** @throws the listen error, e.g. EADDRINUSE. */
export async function listen(handler: RequestListener, port: number): Promise<Server> {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

/** Takes no new connection and resolves when the requests in flight have ended, or are cut off after `graceMs`. */
export async function drain(server: Server, graceMs: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  try {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  } finally {
    clearTimeout(cut);
    clearInterval(idle);
  }
}
