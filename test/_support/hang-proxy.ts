/** A way to an HTTP server on which chosen calls hang: the connection is taken, the request too, and nothing comes back. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Call {
  method: string;
  /** Of path and query. */
  url: RegExp;
}

export interface HangProxy extends AsyncDisposable {
  url: string;
  /** From now on such calls hang. @param isHeard the server gets them, and it is its answer that never comes */
  hang(call: Call, isHeard?: boolean): Hang;
  /** Once: when the server has answered such a call, and before its caller hears that. */
  beforeHeard(call: Call, act: () => Promise<void> | void): void;
}

export interface Hang {
  /** How many calls hang, or did. */
  count(): number;
  /** It is over: new calls pass, and the connections of those that hang are cut. */
  end(): void;
  /** What the server has not heard comes to it now, late, one after the other. */
  deliver(): Promise<void>;
}

interface Held {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

interface OpenHang {
  call: Call;
  isHeard: boolean;
  held: Held[];
  callers: ServerResponse[];
}

/** @param targetPort on loopback; nothing need listen there yet */
export async function openHangProxy(targetPort: number): Promise<HangProxy> {
  const hangs = new Set<OpenHang>();
  const hooks: { call: Call; act: () => Promise<void> | void }[] = [];

  const send = ({ method, path, headers, body }: Held): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: targetPort, method, path, headers });
      outgoing.once('response', resolve).once('error', reject).end(body);
    });

  async function pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = req;
    const held: Held = { method, path, headers, body: await buffer(req) };
    const hang = [...hangs].find(({ call }) => isSuch(call, held));
    if (hang) {
      hang.callers.push(res);
      if (hang.isHeard) (await send(held)).resume();
      else hang.held.push(held);
      return;
    }
    const answer = await send(held);
    // A log that is followed goes on for as long as its caller listens.
    res.once('close', () => answer.destroy());
    const at = hooks.findIndex(({ call }) => isSuch(call, held));
    if (at >= 0) await hooks.splice(at, 1)[0]?.act();
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  }

  const server = createServer((req, res) => void pass(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hang(call, isHeard = false) {
      const hang: OpenHang = { call, isHeard, held: [], callers: [] };
      hangs.add(hang);
      return {
        count: () => hang.callers.length,
        end() {
          hangs.delete(hang);
          for (const caller of hang.callers) caller.destroy();
        },
        async deliver() {
          for (const held of hang.held.splice(0)) await buffer(await send(held));
        },
      };
    },
    beforeHeard: (call, act) => void hooks.push({ call, act }),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const isSuch = ({ method, url }: Call, held: Held) => method === held.method && url.test(held.path);
