import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'slb-'));
// The bundler looks for the SDK beside the workflows.
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The rooms of the house, and the packages, whose modules a bundle holds. */
interface Contents {
  rooms: string[];
  packages: string[];
}

/** @throws when a module is a Node built-in, or one that workflows must not have */
async function contentsOf(workflowsPath: string, failureConverterPath?: string): Promise<Contents> {
  const used = new Set<string>();
  const said: string[] = [];
  const bundling = bundleWorkflowCode({
    workflowsPath,
    failureConverterPath,
    logger: new DefaultLogger('ERROR', ({ message }) => said.push(message)),
    webpackConfigHook: (config) => ({
      ...config,
      plugins: [
        ...(config.plugins ?? []),
        {
          apply: (compiler) => {
            compiler.hooks.compilation.tap('contents', (compilation) => {
              compilation.hooks.succeedModule.tap('contents', (module) => {
                const file = module.nameForCondition();
                if (file) used.add(file);
              });
            });
          },
        },
      ],
    }),
  });
  // The bundler's own error says only that there were errors; what they are it tells its logger.
  await bundling.catch((cause: unknown) => {
    throw new Error([String(cause), ...said].join('\n'), { cause });
  });
  const files = [...used].map((file) => file.replace(`${ROOT}/`, ''));
  const packages = files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  const rooms = files.flatMap((file) => (file.includes('node_modules') ? [] : (/^(\w+)\//.exec(file)?.[1] ?? [])));
  return { rooms: [...new Set(rooms)].sort(), packages: [...new Set(packages)].sort() };
}

/** A workflow file of one import. */
function workflowImporting(name: string, specifier: string): string {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, `import * as it from '${specifier}';\nexport async function w() { return Object.keys(it); }\n`);
  return path;
}

/** What the SDK's own workflow code brings along. */
const SDK = /^(@temporalio\/.+|long|ms|nexus-rpc)$/;

const foreign = ({ rooms, packages }: Contents) => [
  ...rooms.filter((room) => room !== 'workflows' && room !== 'domain'),
  ...packages.filter((name) => !SDK.test(name)),
];

describe('the workflow bundle', () => {
  it.each([
    ['with versions', 'versioned.ts'],
    ['without', 'index.ts'],
  ])(
    'of workers %s holds workflows, the domain and the SDK, and nothing that touches the outside',
    async (_which, entry) => {
      const contents = await contentsOf(join(ROOT, 'workflows', entry));
      expect(contents.rooms).toEqual(['domain', 'workflows']);
      expect(foreign(contents)).toEqual([]);
    },
  );

  it('holds nothing else where payloads are encrypted', async () => {
    const converter = join(ROOT, 'workflows', 'failure-converter.ts');
    const contents = await contentsOf(join(ROOT, 'workflows', 'index.ts'), converter);
    expect(contents.rooms).toEqual(['domain', 'workflows']);
    expect(foreign(contents)).toEqual([]);
  });
});

describe('a workflow that imports what it must not', () => {
  it.each(['node:fs', 'node:crypto', 'net'])('is not bundled for the built-in %s', async (builtIn) => {
    const bundling = contentsOf(workflowImporting('built-in', builtIn));
    await expect(bundling).rejects.toThrow(new RegExp(`['"]${builtIn.replace('node:', '(node:)?')}['"]`));
  });

  it('is not bundled for a provider, which uses built-ins', async () => {
    const bundling = contentsOf(workflowImporting('outside', join(ROOT, 'providers/compute/process.ts')));
    await expect(bundling).rejects.toThrow('Reading from "node:');
  });

  // The bundler has nothing against these: they use no built-in. Only a look at the contents finds them.
  it.each([
    ['db/environments.ts', ['db', 'drizzle-orm']],
    ['activities/each-of.ts', ['activities']],
  ])('is found out for %s', async (file, found) => {
    expect(foreign(await contentsOf(workflowImporting('pure', join(ROOT, file))))).toEqual(
      expect.arrayContaining(found),
    );
  });

  it('differs in nothing else from one that is fine', async () => {
    expect(foreign(await contentsOf(workflowImporting('fine', join(ROOT, 'domain/ids.ts'))))).toEqual([]);
  });
});
