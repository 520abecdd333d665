/** Speaks to the admin APIs of supervisor and proxy, and turns what they answer into faults. */
import { isFailureCode, OperationFault, type FailureCode } from '../../domain/failures.ts';

export interface AdminCall {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  body?: unknown;
  query?: Record<string, string>;
  timeoutMs?: number;
  /** The service that it is about; a refusal names it. */
  serviceId?: string;
}

export interface AdminClientOptions {
  /** For people, in faults: `supervisor`. */
  name: string;
  url: string;
  token: string;
  fetch: typeof fetch;
}

const LOOK_TIMEOUT_MS = 5_000;

export class AdminClient {
  readonly #options: AdminClientOptions;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  /** Parts of the path are encoded. @throws OperationFault */
  async call<T>(path: string[], call: AdminCall = {}): Promise<T> {
    const signal = AbortSignal.timeout(call.timeoutMs ?? LOOK_TIMEOUT_MS);
    const response = await this.#send(path, call, signal).catch(async (error: unknown) => {
      if (error instanceof OperationFault) throw error;
      // Every call is convergent, and a connection kept from before a restart of the peer breaks at its first use.
      return await this.open(path, call, signal);
    });
    try {
      return (response.status === 204 ? undefined : await response.json()) as T;
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  /** The answer itself, for one that goes on. @throws OperationFault */
  async open(path: string[], call: AdminCall, signal: AbortSignal): Promise<Response> {
    try {
      return await this.#send(path, call, signal);
    } catch (error) {
      throw error instanceof OperationFault ? error : this.#unavailable(error);
    }
  }

  async #send(
    path: string[],
    { method = 'GET', body, query = {}, serviceId }: AdminCall,
    signal: AbortSignal,
  ): Promise<Response> {
    const url = new URL(`/${path.map(encodeURIComponent).join('/')}`, this.#options.url);
    url.search = new URLSearchParams(query).toString();
    const headers = { authorization: `Bearer ${this.#options.token}`, 'content-type': 'application/json' };
    const response = await this.#options.fetch(url, { method, headers, body: JSON.stringify(body), signal });
    if (response.ok) return response;
    const answer = (await response.json()) as Partial<Record<string, string>>;
    throw faultOf(this.#options.name, response.status, answer, serviceId);
  }

  #unavailable(cause: unknown): OperationFault {
    const { name, url } = this.#options;
    return new OperationFault(
      { code: 'ComputeUnavailable', message: `The ${name} does not answer.` },
      new Error(url, { cause }),
    );
  }
}

function faultOf(
  name: string,
  status: number,
  { code = '', message = '' }: Partial<Record<string, string>>,
  serviceId?: string,
): OperationFault {
  const known: FailureCode = isFailureCode(code) ? code : 'InternalFault';
  const failure = { code: known, message: message || `the ${name} answered ${status}` };
  return new OperationFault({ ...failure, ...(serviceId !== undefined && { serviceId }) });
}
