/** Work that comes round by itself. Each kind is swept by a workflow of its own, over the rows of the `due` table. */
export const SWEEP_KINDS = ['health'] as const;
export type SweepKind = (typeof SWEEP_KINDS)[number];
