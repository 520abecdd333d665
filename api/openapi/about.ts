/** What a document says of itself: the two surfaces differ in whom they are for. */
import { VERSION_PREFIX } from '../paths.ts';

export interface About {
  title: string;
  /** Markdown. */
  description: string;
  /** What opens an operation. */
  token: string;
}

const CONVENTIONS = `- A path without \`${VERSION_PREFIX}\` is an alias that answers alike.
- What starts work answers 202: \`Location\` leads to what is made, \`Operation-Location\` to the work.
- Every response carries \`cs-schema-version\` and \`x-trace-id\`. \`GET\` paths answer \`HEAD\` too; another method is a 405.
- Refusals are \`application/problem+json\` with a stable \`code\`. A refused call has started and changed nothing.
- Who calls too often is answered 429 with \`Retry-After\`, the seconds to wait.
- Unknown fields of a request are refused. Answers may get new fields and new values within a version: leave aside what you do not know.
- What goes away says so on every answer, at least twelve months before: \`Deprecation\`, \`Sunset\`, and a \`Link\` to here.
- The tenant is the token's. A \`tenantId\` in a body is optional and has to be the same.`;

export const PUBLIC_API: About = {
  title: 'Slipway Runtime API',
  description: `Environments, configurations, deployments and what runs.\n\n${CONVENTIONS}`,
  token: 'An access token of the configured OIDC issuer. What an operation lists is the scope it asks for.',
};

export const INTERNAL_API: About = {
  title: 'Slipway internal Runtime API',
  description: `For services of the platform, on a port of its own: bindings of tenants, what workers see of the inventory and of health.\n\n${CONVENTIONS}`,
  token:
    'An access token of the configured OIDC issuer for the internal audience. It needs no scope, and opens nothing of the public API.',
};
