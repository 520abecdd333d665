/** Work that comes round by itself. Each kind is swept by a workflow of its own, over the rows of the `due` table. */
export const SWEEP_KINDS = ['health', 'expiry'] as const;
export type SweepKind = (typeof SWEEP_KINDS)[number];

/** A sweep runs while something of its kind is due within this time: what is further away costs nothing until then. */
export const SWEEP_AHEAD_MS = 60_000;
