import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pulumiStacks } from '../../providers/stacks/pulumi.ts';
import { stateFileOf } from '../stacks/interruption.ts';
import { startStackPeers } from '../stacks/peers.ts';
import { describeStackEngine } from './stacks.ts';

describeStackEngine('Pulumi', async () => {
  const peers = await startStackPeers();
  return {
    engine: pulumiStacks(peers.options),
    existing: async (environmentId) => ({ ...(await peers.existing(environmentId)) }),
    removeFolder: async ({ folder }) => await rm(String(folder), { recursive: true }),
    hasFolder: ({ folder }) => existsSync(String(folder)),
    loseState: async (spec) => await rm(stateFileOf(peers, spec)),
    close: peers.close,
  };
});
