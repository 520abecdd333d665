/** What a sweep does with one row that is due; each kind has a visitor of its own. */
import type { Tx } from '../../db/client.ts';
import type { DueKey } from '../../db/due.ts';
import type { SweepKind } from '../../domain/sweeps.ts';

export interface Visited {
  /** When it is due again; null when there is nothing to visit any more. */
  next: Date | null;
  /**
   * Writes what was found, in the transaction that gives the row back: when somebody else has the row by then, or it is
   * gone, nothing is written.
   */
  record?(tx: Tx): Promise<void>;
  /** What comes once that stands; when it fails, or the worker dies before it, nothing is taken back. */
  afterwards?(): Promise<void>;
}

export interface Visitor {
  /** Looks, and changes nothing. Should end soon once `signal` is aborted: by then its time is up, or the worker stops. */
  visit(row: DueKey, signal: AbortSignal): Promise<Visited>;
}

export type Visitors = Record<SweepKind, Visitor>;
