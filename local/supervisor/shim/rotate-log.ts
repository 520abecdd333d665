/** Keeps a log that others append to from growing without end: its content moves to one old file, then it is emptied. */
import { copyFileSync, statSync, truncateSync } from 'node:fs';

/** Lines written between copy and truncation are lost; the writer keeps its open file, which is what allows no pipe. */
export function rotateLog(file: string, oldFile: string, maxBytes: number): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return;
  copyFileSync(file, oldFile);
  truncateSync(file, 0);
}
