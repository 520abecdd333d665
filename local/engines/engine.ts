// The engines that are run here (the embedded platform's two, one that tests hold a driver against and one that compares
// the contract): what names them, which versions fit, where their vendors keep them and how Go builds them from `tools/`.
import { OASDIFF_VERSION, OPA_VERSION, PULUMI_VERSION, TEMPORAL_VERSION } from './cache.ts';

export interface Engine {
  /** Also the cache folder's name and the folder in `tools/`. */
  name: 'temporal' | 'pulumi' | 'opa' | 'oasdiff';
  title: string;
  /** The pinned version, the one that is downloaded or built. */
  version: string;
  /** The variable that gives an explicit path. */
  variable: string;
  /** The executable inside the engine's folder. */
  binary: string;
  versionArgs: readonly string[];
  /** Reads the version from what `versionArgs` prints. */
  versionPattern: RegExp;
  /** Versions on PATH that fit: at least this, below the next major. */
  atLeast: readonly [number, number, number];
  /** The vendor's archive (tar.gz) and the folder of ours its content goes to, or the bare executable. */
  archive: { url: string; into: string; stripComponents: number } | { url: string; isExecutable: true };
  build: { package: string; ldflags: string };
}

const GO_ARCH: Record<string, string> = { x64: 'amd64' };

/** The Temporal CLI; its dev server is the embedded Temporal. */
export const TEMPORAL: Engine = {
  name: 'temporal',
  title: 'Temporal',
  version: TEMPORAL_VERSION,
  variable: 'SLIPWAY_TEMPORAL_BIN',
  binary: 'temporal',
  versionArgs: ['--version'],
  versionPattern: /temporal version v?(\d+)\.(\d+)\.(\d+)/,
  atLeast: [1, 5, 1],
  archive: {
    url: `https://github.com/temporalio/cli/releases/download/v${TEMPORAL_VERSION}/temporal_cli_${TEMPORAL_VERSION}_${process.platform}_${GO_ARCH[process.arch] ?? process.arch}.tar.gz`,
    into: '.',
    stripComponents: 0,
  },
  build: {
    package: 'github.com/temporalio/cli/cmd/temporal',
    ldflags: `-s -w -X github.com/temporalio/cli/temporalcli.Version=${TEMPORAL_VERSION}`,
  },
};

/** The Pulumi CLI; the Automation API runs it. */
export const PULUMI: Engine = {
  name: 'pulumi',
  title: 'Pulumi',
  version: PULUMI_VERSION,
  variable: 'SLIPWAY_PULUMI_BIN',
  binary: 'bin/pulumi',
  versionArgs: ['version'],
  versionPattern: /^v?(\d+)\.(\d+)\.(\d+)/m,
  atLeast: [3, 255, 0],
  archive: {
    url: `https://get.pulumi.com/releases/sdk/pulumi-v${PULUMI_VERSION}-${process.platform}-${process.arch}.tar.gz`,
    into: 'bin',
    stripComponents: 1,
  },
  build: {
    package: 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi',
    // The Automation API asks the CLI for its version and refuses one without.
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI_VERSION}`,
  },
};

/** Open Policy Agent, one of the deciders behind the governance port; only tests start it. */
export const OPA: Engine = {
  name: 'opa',
  title: 'Open Policy Agent',
  version: OPA_VERSION,
  variable: 'SLIPWAY_OPA_BIN',
  binary: 'opa',
  versionArgs: ['version'],
  versionPattern: /^Version: v?(\d+)\.(\d+)\.(\d+)/m,
  atLeast: [1, 0, 0],
  archive: {
    url: `https://openpolicyagent.org/downloads/v${OPA_VERSION}/opa_${process.platform}_${GO_ARCH[process.arch] ?? process.arch}_static`,
    isExecutable: true,
  },
  build: { package: 'github.com/open-policy-agent/opa', ldflags: '-s -w' },
};

/** Finds what of one OpenAPI document breaks clients of another; only tests run it. */
export const OASDIFF: Engine = {
  name: 'oasdiff',
  title: 'oasdiff',
  version: OASDIFF_VERSION,
  variable: 'SLIPWAY_OASDIFF_BIN',
  binary: 'oasdiff',
  versionArgs: ['--version'],
  versionPattern: /^oasdiff version v?(\d+)\.(\d+)\.(\d+)/m,
  atLeast: [1, 37, 0],
  archive: {
    url: `https://github.com/oasdiff/oasdiff/releases/download/v${OASDIFF_VERSION}/oasdiff_${OASDIFF_VERSION}_${process.platform}_${process.platform === 'darwin' ? 'all' : (GO_ARCH[process.arch] ?? process.arch)}.tar.gz`,
    into: '.',
    stripComponents: 0,
  },
  build: {
    package: 'github.com/oasdiff/oasdiff',
    ldflags: `-s -w -X github.com/oasdiff/oasdiff/build.Version=${OASDIFF_VERSION}`,
  },
};

/** Whether a version found on PATH can take the pinned one's place. */
export function versionFits(engine: Engine, printed: string): boolean {
  const found = engine.versionPattern.exec(printed)?.slice(1, 4).map(Number);
  if (!found || found[0] !== engine.atLeast[0]) return false;
  const difference = found.map((part, at) => part - (engine.atLeast[at] ?? 0)).find((part) => part !== 0) ?? 0;
  return difference >= 0;
}
