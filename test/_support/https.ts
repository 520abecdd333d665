import { request, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface HttpsReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** One call on a connection of its own; `fetch` takes no certificates. Rejects when the handshake fails. */
export async function callHttps(
  url: string,
  { body, ...options }: RequestOptions & { body?: string },
): Promise<HttpsReply> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpsReply>();
  const call = request(url, { agent: false, ...options }, (response) => {
    text(response).then(
      (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      reject,
    );
  });
  call.once('error', reject).end(body);
  return await promise;
}
