/** Counts what the HTTP servers of this process answer: an API that runs elsewhere counts as nothing. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';

export interface ResponseTally {
  requests: number;
  serverErrors: number;
}

/** Counts from now on, until it is taken. */
export function tallyResponses(): { take(): ResponseTally } {
  const tally = { requests: 0, serverErrors: 0 };
  const count = (message: unknown) => {
    const { response } = message as { response: ServerResponse };
    tally.requests += 1;
    if (response.statusCode >= 500) tally.serverErrors += 1;
  };
  subscribe('http.server.response.finish', count);
  return {
    take() {
      unsubscribe('http.server.response.finish', count);
      return tally;
    },
  };
}
