/** The two front doors of REST. Each has its own port, endpoints, audience of tokens, and document. */
import type { Deprecation } from './deprecation.ts';
import type { ApiDeps } from './deps.ts';
import type { Endpoint } from './endpoint.ts';
import { endpoints } from './endpoints.ts';
import { internalEndpoints } from './internal-endpoints.ts';
import { INTERNAL_API, PUBLIC_API, type About } from './openapi/about.ts';

export interface Surface {
  /** Its tokens are of the internal audience. */
  isInternal: boolean;
  endpoints: Endpoint[];
  about: About;
  /** Set when the version is to go away: then every answer below its prefix says so, refusals included. */
  deprecated?: Deprecation;
}

/** Who verifies tokens and counts calls is the surface's own. */
export function depsOf({ isInternal }: Surface, deps: ApiDeps): ApiDeps {
  return isInternal ? { ...deps, tokens: deps.internalTokens, limits: deps.internalLimits } : deps;
}

export const PUBLIC: Surface = { isInternal: false, endpoints, about: PUBLIC_API };
export const INTERNAL: Surface = { isInternal: true, endpoints: internalEndpoints, about: INTERNAL_API };
