// slipway:local:PortRange — a block of ports that one environment owns; its claim is one file, made exclusively.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { claimFile, readClaim } from './claim-file.ts';
import { environmentIdProblem, type ResourceKind, type State } from './resource-kind.ts';

export const PORTS_PER_BLOCK = 200;
const HIGHEST_PORT = 65_535;

/** @param firstPort where the blocks begin; block n starts at firstPort + 200 n. */
export function portRangeKind(home: string, firstPort: number): ResourceKind {
  const folder = join(home, 'ports');
  const fileOf = (portBase: number | string) => join(folder, `${portBase}.json`);

  async function ownedBy(environmentId: string): Promise<number | null> {
    for (const portBase of await claimedBlocks(folder)) {
      if ((await readClaim(fileOf(portBase)))?.environmentId === environmentId) return portBase;
    }
    return null;
  }

  async function claim(environmentId: string): Promise<number> {
    await mkdir(folder, { recursive: true });
    const own = await ownedBy(environmentId);
    if (own !== null) return own;
    const taken = new Set(await claimedBlocks(folder));
    for (let base = firstPort; base + PORTS_PER_BLOCK - 1 <= HIGHEST_PORT; base += PORTS_PER_BLOCK) {
      // Blocks of a registry that once began elsewhere may overlap ours.
      if ([...taken].some((other) => Math.abs(other - base) < PORTS_PER_BLOCK)) continue;
      if (!(await allFree(base))) continue;
      if (await claimFile(fileOf(base), { environmentId, portBase: base, portCount: PORTS_PER_BLOCK })) return base;
    }
    throw new Error(`no block of ${PORTS_PER_BLOCK} free ports is left from ${firstPort} on`);
  }

  const stateOf = (environmentId: string, portBase: number): State => ({
    environmentId,
    portBase,
    portCount: PORTS_PER_BLOCK,
  });

  return {
    inputs: { environmentId: environmentIdProblem },
    replaceOn: ['environmentId'],
    ensure: async (id) => stateOf(id, await claim(id)),
    async read(id) {
      const portBase = await ownedBy(id);
      return portBase === null ? null : stateOf(id, portBase);
    },
    async remove(id) {
      const portBase = await ownedBy(id);
      if (portBase !== null) await rm(fileOf(portBase), { force: true });
    },
  };
}

async function claimedBlocks(folder: string): Promise<number[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return files
    .filter((file) => /^\d+\.json$/.test(file))
    .map((file) => Number.parseInt(file, 10))
    .sort((a, b) => a - b);
}

async function allFree(base: number): Promise<boolean> {
  const ports = Array.from({ length: PORTS_PER_BLOCK }, (_, n) => base + n);
  return (await Promise.all(ports.map(isFree))).every(Boolean);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
