/** What goes in and out of the configurations' endpoints. */
import { z } from 'zod';
import { createdBetween, listOf, listQueryOf } from '../list.ts';
import { atMost, entriesOf, environmentVariables, id, statedTenant } from './text.ts';

/** Of values and files together, names included. */
const MAX_CONFIGURATION_BYTES = 64 * 1024;

/** Relative, without `.` and `..` parts, so that it stays inside the workload's configuration folder. */
const filePath = atMost(200).regex(
  /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/,
  'is a relative path of letters, digits and ._- without . or .. parts',
);

/** `a/b/c` lies in `a` and `a/b`. */
function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_part, at) => parts.slice(0, at + 1).join('/'));
}

const files = entriesOf(filePath).refine((content) => {
  const paths = new Set(Object.keys(content));
  return ![...paths].some((path) => foldersOf(path).some((folder) => paths.has(folder)));
}, 'has a path that is both a file and a folder');

export const configurationBody = z
  .strictObject({
    tenantId: statedTenant,
    environmentId: id('env'),
    values: environmentVariables.prefault({}),
    files: files.prefault({}),
  })
  .refine(
    ({ values, files }) => Buffer.byteLength(JSON.stringify([values, files])) <= MAX_CONFIGURATION_BYTES,
    'is larger than 64 kB',
  );

export const configurationParams = z.strictObject({ configurationId: id('cfg') });

export const publishAnswer = z.strictObject({
  configurationId: z.string(),
  environmentId: z.string(),
  /** 1, 2, … within the environment. */
  version: z.number(),
  /** SHA-256 of values and files. */
  hash: z.string(),
  createdAt: z.string(),
  traceId: z.string(),
});

export const configurationAnswer = publishAnswer.extend({
  values: z.record(z.string(), z.string()),
  files: z.record(z.string(), z.string()),
});

export const configurationsQuery = listQueryOf('configurations', {
  environmentId: id('env').optional(),
  ...createdBetween,
});

export const configurationList = listOf(publishAnswer);

export const configurationDiffQuery = z.strictObject({ with: id('cfg') });

const changed = z.strictObject({ from: z.string(), to: z.string() });
const difference = z.strictObject({
  added: z.record(z.string(), z.string()),
  removed: z.record(z.string(), z.string()),
  changed: z.record(z.string(), changed),
});

/** What has to change in the first for it to become the second. */
export const configurationDiff = z.strictObject({
  from: publishAnswer,
  to: publishAnswer,
  values: difference,
  files: difference,
});
