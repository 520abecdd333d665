import { startComputePlatform } from '../_support/compute-platform.ts';
import { describeComputeTarget } from './compute.ts';

describeComputeTarget('process', async () => {
  const platform = await startComputePlatform();
  return {
    compute: platform.compute,
    spec: async (version, change) => await platform.spec({ version, ...change }),
    stop: platform.stop,
  };
});
