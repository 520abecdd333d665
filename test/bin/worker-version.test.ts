import { describe, expect, it } from 'vitest';
import { workerVersion } from '../../bin/worker-version.ts';
import { releaseWith } from '../_support/worker-release.ts';
import { testConfig } from '../_support/config.ts';

const versionIn = async (env: Record<string, string>) => workerVersion(await testConfig(env))?.version;

describe('the version of a worker', () => {
  it('is none by default', async () => {
    expect(await versionIn({ SLIPWAY_BUILD_ID: 'b1' })).toBeUndefined();
  });

  it('is the given build of the given deployment', async () => {
    const env = { SLIPWAY_DEPLOYMENT: 'slipway', SLIPWAY_BUILD_ID: '1.2.3+4' };
    expect(await versionIn(env)).toEqual({ deploymentName: 'slipway', buildId: '1.2.3+4' });
  });

  it('is by default another one when the workflow code is another, and only then', async () => {
    const buildOf = async (folder: string) => {
      const { hashOfSources } = (await import(`${folder}/bin/workflow-bundle.ts`)) as { hashOfSources(): string };
      return hashOfSources();
    };
    using same = releaseWith(['bin/worker.ts', 'worker: drained', 'worker: has drained']);
    using other = releaseWith(['workflows/lane.ts', 'rung = false', 'rung = !true']);
    const own = (await versionIn({ SLIPWAY_DEPLOYMENT: 'slipway' }))?.buildId;
    expect(own).toMatch(/^[0-9a-f]{16}$/);
    expect(await buildOf(same.folder)).toBe(own);
    expect(await buildOf(other.folder)).not.toBe(own);
  });

  it.each([
    ['SLIPWAY_DEPLOYMENT', 'a.b'],
    ['SLIPWAY_DEPLOYMENT', '__a'],
    ['SLIPWAY_BUILD_ID', "b'1"],
    ['SLIPWAY_BUILD_ID', '__b'],
  ])('is refused with a sentence when %s is %s', async (variable, value) => {
    const refused = versionIn({ SLIPWAY_DEPLOYMENT: 'slipway', [variable]: value });
    await expect(refused).rejects.toThrow(`${variable} must be letters, digits`);
  });
});
