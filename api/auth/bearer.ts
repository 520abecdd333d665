/** The one place a token may come from: a single `Authorization: Bearer` header. */
import { PlatformError } from '../../domain/errors.ts';

export interface Credentials {
  /** Every Authorization header of the call. */
  authorization: string[];
  /** A token in the query is in logs and histories by then, so it is refused even beside a good header. */
  tokenInQuery: boolean;
}

/** The one header. @throws PlatformError `TokenMissing` or `TokenInvalid` */
export function headerOf({ authorization, tokenInQuery }: Credentials): string {
  if (tokenInQuery) throw new PlatformError('TokenInvalid', 'A token is not taken from the query.');
  if (authorization.length > 1) throw new PlatformError('TokenInvalid', 'There is more than one Authorization header.');
  const [header] = authorization;
  if (header === undefined || header === '') throw new PlatformError('TokenMissing', 'This call needs a bearer token.');
  return header;
}

/** The token within a header. @throws PlatformError `TokenInvalid` */
export function bearerIn(header: string): string {
  const token = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header)?.[1];
  if (token === undefined) throw new PlatformError('TokenInvalid', 'The Authorization header is not a bearer token.');
  return token;
}
