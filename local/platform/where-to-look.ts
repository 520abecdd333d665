import { relative, resolve } from 'node:path';
import type { Config } from './config.ts';

/** The addresses of a running platform, a line each. */
export function whereToLook({ home, ports, restUrl, temporal, oidc, external, payloads }: Config): string {
  // The token's issuer is the one of this home.
  const token = `${home === resolve('.slipway') ? '' : `SLIPWAY_HOME=${shortest(home)} `}npm run -s token`;
  const temporalAt = external.temporal
    ? `${temporal.address}, namespace ${temporal.namespace}`
    : `127.0.0.1:${ports.temporal}, UI http://127.0.0.1:${ports.temporalUi}/namespaces/${temporal.namespace}`;
  return [
    `  REST      ${restUrl}/v1/runtime`,
    `  Internal  ${new URL(restUrl).protocol}//127.0.0.1:${ports.internal}/v1/runtime/internal, gRPC 127.0.0.1:${ports.internalGrpc}`,
    `  gRPC      ${new URL(restUrl).hostname}:${ports.grpc}`,
    `  Temporal  ${temporalAt}`,
    ...(payloads
      ? [`  Payloads  private; sign in at ${payloads.codecUrl} to read them (docs/payload-privacy.md)`]
      : []),
    `  Issuer    ${oidc.issuer}   (a token: ${token})`,
    `  State     ${home}, logs in ${home}/log`,
  ].join('\n');
}

function shortest(path: string): string {
  const fromHere = relative('', path);
  return fromHere.startsWith('..') ? path : fromHere;
}
