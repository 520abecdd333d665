/** Passes one request, or one WebSocket, to a backend. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { ProxyServer } from 'http-proxy-3';
import type { Balancer } from './balancer.ts';
import { connectToNext, type Connection } from './connect.ts';

/** Methods that may be sent a second time when the first backend broke off before it answered (RFC 9110, 9.2.2). */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);

const passes = new ProxyServer<typeof IncomingMessage, typeof ServerResponse>({ xfwd: true });

passes.on('proxyRes', (answer, _req, res) => {
  // These headers speak of our connection to the backend, which ends; the caller's may stay.
  delete answer.headers.connection;
  delete answer.headers['keep-alive'];
  // A backend that dies in the middle of its answer: break the caller's off too, or it would wait for ever.
  answer.once('close', () => {
    if (!answer.complete) res.destroy();
  });
});

/** Resolves when the answer has ended, however it did. */
export async function forward(balancer: Balancer, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const tried = new Set<string>();
  for (;;) {
    const connection = await connectToNext(balancer, tried);
    if (!connection) {
      answerUnavailable(res, tried.size);
      return;
    }
    try {
      if ((await pass(connection, req, res)) === 'ended') return;
    } finally {
      connection.agent.destroy();
      balancer.release(connection.backend);
    }
  }
}

async function pass(connection: Connection, req: IncomingMessage, res: ServerResponse): Promise<'ended' | 'again'> {
  return await new Promise((resolve) => {
    if (res.destroyed) {
      resolve('ended');
      return;
    }
    res.once('close', () => resolve('ended'));
    const target = `http://${connection.backend}`;
    const bodiless = !hasBody(req);
    const options = {
      target,
      agent: connection.agent,
      headers: { connection: 'close' },
      // A request without a body can be sent again: nothing of it is used up.
      ...(bodiless ? { buffer: Readable.from([]) } : {}),
    };
    passes.web(req, res, options, () => {
      if (res.headersSent || res.destroyed) res.destroy();
      else if (bodiless && REPEATABLE.has(req.method ?? '')) resolve('again');
      else answer(res, 502, 'BackendBrokeOff', 'the replica closed the connection before it answered');
    });
  });
}

/** Resolves when the WebSocket is closed. */
export async function forwardUpgrade(
  balancer: Balancer,
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  const connection = await connectToNext(balancer, new Set());
  if (!connection) {
    socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    return;
  }
  try {
    await new Promise<void>((resolve) => {
      if (socket.destroyed) {
        resolve();
        return;
      }
      socket.once('close', () => resolve());
      passes.ws(req, socket, head, { target: `http://${connection.backend}`, agent: connection.agent }, () => {
        socket.destroy();
      });
    });
  } finally {
    connection.agent.destroy();
    balancer.release(connection.backend);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function answerUnavailable(res: ServerResponse, tried: number): void {
  if (tried === 0) answer(res, 503, 'NoReplica', 'no replica serves this route');
  else answer(res, 503, 'NoReplicaAnswers', `none of ${tried} replicas takes a connection`);
}

function answer(res: ServerResponse, status: number, code: string, detail: string): void {
  if (res.destroyed) return;
  const body = JSON.stringify({ type: 'about:blank', status, code, detail });
  res.writeHead(status, { 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body) });
  res.end(body);
}
