/**
 * Watches every HTTP response of an API, whoever asked for it and however: it has to carry the version of the contract
 * and a trace. What a server of this process writes is seen on its sockets, so that an answer to what is no HTTP counts
 * too; what a process of its own or a TLS server answers is seen by `fetch` and `node:http`.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { SCHEMA_VERSION } from '../../api/schema-version.ts';

const watched = new Set<number>();
const wrong: string[] = [];
let seen = 0;

/** From now on the responses of this port are watched. */
export function watchResponses(port: number): void {
  watched.add(port);
}

/** The port may be somebody else's from now on. */
export function leaveResponses(port: number): void {
  watched.delete(port);
}

/** What was wrong since it was last asked, a line per response; and how many responses there were. */
export function takeResponses(): { wrong: string[]; seen: number } {
  const taken = { wrong: wrong.splice(0), seen };
  seen = 0;
  return taken;
}

function judge(what: string, status: number, headers: Headers): void {
  // What comes before the response (100 Continue) is none.
  if (status < 200) return;
  seen += 1;
  const [version, trace] = [headers.get('cs-schema-version'), headers.get('x-trace-id')];
  if (version !== SCHEMA_VERSION) wrong.push(`${what} was answered ${status} with cs-schema-version ${version}`);
  if (!/^trace-[0-9a-f]{32}$/.test(trace ?? '')) wrong.push(`${what} was answered ${status} with x-trace-id ${trace}`);
}

function judgeText(what: string, head: string): void {
  const [first = '', ...lines] = head.split('\r\n');
  const fields = lines.map((line) => line.split(/:\s*(.*)/s).slice(0, 2) as [string, string]);
  judge(what, Number(first.split(' ')[1]), new Headers(fields));
}

/** A server hands over each response's head whole, at the beginning of a write. */
function watchWrites(message: unknown): void {
  const { socket } = message as { socket: Socket };
  const { localPort = 0 } = socket;
  if (!watched.has(localPort)) return;
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
  socket.write = (...given: unknown[]) => {
    const [chunk] = given;
    const text = typeof chunk === 'string' || chunk instanceof Uint8Array ? Buffer.from(chunk).toString('latin1') : '';
    if (text.startsWith('HTTP/1.')) judgeText(`a call on port ${localPort}`, text.split('\r\n\r\n')[0] ?? '');
    return write(...given);
  };
}

function watchFetch(message: unknown): void {
  const { request, response } = message as {
    request: { origin: string; method: string; path: string };
    response: { statusCode: number; headers: Buffer[] };
  };
  if (!watched.has(Number(new URL(request.origin).port))) return;
  const texts = response.headers.map(String);
  const fields = texts.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, texts[index + 1] ?? '']] : [],
  );
  judge(`${request.method} ${request.path}`, response.statusCode, new Headers(fields));
}

function watchClient(message: unknown): void {
  const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
  if (!watched.has(response.socket.remotePort ?? 0)) return;
  const fields = Object.entries(response.headersDistinct).map(([name, values = []]): [string, string] => [
    name,
    values.join(', '),
  ]);
  judge(`${request.method} ${request.path}`, response.statusCode ?? 0, new Headers(fields));
}

subscribe('net.server.socket', watchWrites);
subscribe('undici:request:headers', watchFetch);
subscribe('http.client.response.finish', watchClient);
