/** How an answer says that what was called goes away: docs/versioning.md is the policy. */

export interface Deprecation {
  /** Since when nobody should begin to use it. */
  since: Date;
  /** Until when it answers as before, at least. */
  sunset: Date;
}

/** Where the policy can be read by whoever gets the headers: the reference's own page tells it. */
const POLICY = '</docs>; rel="deprecation"; type="text/html"';

/** `Deprecation` (RFC 9745: `@` and seconds since the epoch), `Sunset` (RFC 8594: an HTTP date), and where to read more. */
export function deprecationHeaders({ since, sunset }: Deprecation): Record<string, string> {
  return {
    deprecation: `@${Math.floor(since.getTime() / 1000)}`,
    sunset: sunset.toUTCString(),
    link: POLICY,
  };
}
