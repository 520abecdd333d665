/** Patterns of what callers name. None of them lets a shell, a path or a query mean anything by it. */
import { z } from 'zod';

/** A text that is too long is not held against the pattern that follows, so what that costs is bounded. */
export const atMost = (length: number) => z.string().max(length, { abort: true });

/** An id in a path or a body. One that does not fit names nothing that can exist; what fits and is not there is a 404. */
export const id = <P extends string>(prefix: P) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, `is an id like ${prefix}-9f1c2b7d`)
    .transform((text) => text as `${P}-${string}`);

/** Any text up to a length. That a body holds no NUL is judged before its shape, so it stands here for the document. */
export const freeText = (length: number) =>
  z
    .string()
    .min(1)
    .max(length)
    .meta({ not: { pattern: '\\u0000' } });

/** The tenant that a body states; that it is the caller's is the tenant guard's question. */
export const statedTenant = freeText(100).optional();

export const environmentName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$/,
    'is 3 to 40 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen',
  );

export const projectId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'is up to 63 letters, digits, hyphens and underscores');

export const region = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'is up to 40 lower-case letters, digits and hyphens');

/** A DNS label, because it becomes one on most targets. */
export const moduleId = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'is up to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen',
  );

const RELEASE = 'is up to 128 letters, digits and ._+- without two dots in a row';

export const releaseRef = z
  .string()
  .max(128, { abort: true, error: RELEASE })
  .regex(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/, RELEASE)
  // The pattern says it, too.
  .meta({ maxLength: undefined });

const HOST =
  '(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?';
const PATH_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const TAG = '[A-Za-z0-9_](?!.*\\.\\.)[A-Za-z0-9_.-]{0,127}';
const IMAGE = new RegExp(`^(?:${HOST}/)?${PATH_PART}(?:/${PATH_PART})*(?::${TAG})?(?:@sha256:[0-9a-f]{64})?$`);

/** A reference by the grammar of container registries, e.g. `acr.azurecr.io/reservations-api:1.4.2`. */
export const imageReference = atMost(300).regex(
  IMAGE,
  'is an image reference like registry.example.org/reservations-api:1.4.2',
);

/** PORT and SLIPWAY_ belong to the platform. */
export const environmentVariableName = atMost(128)
  .regex(/^[A-Z_][A-Z0-9_]*$/, 'is upper-case letters, digits and underscores, not beginning with a digit')
  .refine((name) => name !== 'PORT' && !name.startsWith('SLIPWAY_'), 'is reserved for the platform')
  .meta({ pattern: '^(?!PORT$|SLIPWAY_)[A-Z_][A-Z0-9_]*$' });

const MAX_ENTRIES = 200;

/** Texts by names; of too many none is looked at. */
export function entriesOf<N extends z.ZodType<string, string>>(name: N) {
  const entries = z.record(name, z.string()).meta({ maxProperties: MAX_ENTRIES });
  return z.preprocess((value, context) => {
    const isTooMuch = typeof value === 'object' && value !== null && Object.keys(value).length > MAX_ENTRIES;
    if (isTooMuch) context.addIssue({ code: 'custom', message: `has at most ${MAX_ENTRIES} entries` });
    return value;
  }, entries);
}

/** Environment variables, as configuration and components give them. */
export const environmentVariables = entriesOf(environmentVariableName);

/** What is no moment at all has been refused by then. */
function isInRows(text: string): boolean {
  const year = new Date(text).getUTCFullYear();
  return Number.isNaN(year) || (year >= 1 && year <= 9999);
}

/** A moment with its offset; in UTC it lies in the years that a row can hold and ISO 8601 writes with four digits. */
export const instantText = atMost(64)
  .check(z.iso.datetime({ offset: true, error: 'is a time like 2026-06-11T18:00:00Z' }))
  .refine(isInRows, 'lies in the years 1 to 9999');
export const instant = instantText.transform((text) => new Date(text));
