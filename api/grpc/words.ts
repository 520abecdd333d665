/** Names of REST as values of protobuf's enums, and back: `RollingOut` is `ROLLING_OUT` (its prefix is left out in code). */
import { timestampDate, timestampFromDate, type Timestamp } from '@bufbuild/protobuf/wkt';

type Enum = Record<string, string | number>;

/** @throws Error when the enum lacks the name: then proto and domain have come apart */
export function valueOf<E extends Enum>(of: E, name: string): E[keyof E] & number {
  const value = of[name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()];
  if (typeof value !== 'number') throw new Error(`no enum value for ${name}`);
  return value as E[keyof E] & number;
}

/** Undefined for 0, which says nothing, and for a number that this version does not know. */
export function wordOf(of: Enum, value: number): string | undefined {
  const name = of[value];
  if (value === 0 || typeof name !== 'string') return undefined;
  return name
    .toLowerCase()
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

export function timestampOf(iso: string): Timestamp;
export function timestampOf(iso: string | null | undefined): Timestamp | undefined;
export function timestampOf(iso: string | null | undefined): Timestamp | undefined {
  return iso ? timestampFromDate(new Date(iso)) : undefined;
}

/** A filter's value as the query of REST states it: nothing where the enum says nothing, a bare number for an unknown one. */
export function askedOf(of: Enum, value: number): string | undefined {
  return value === 0 ? undefined : (wordOf(of, value) ?? String(value));
}

/** Undefined for a time that is not told, or that no date holds. */
export function isoOf(time: Timestamp | undefined): string | undefined {
  const date = time && timestampDate(time);
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined;
}
