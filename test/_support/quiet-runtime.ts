import { DefaultLogger, Runtime, makeTelemetryFilterString } from '@temporalio/worker';

/** The SDK's runtime of this test file: a workflow that is to fail is told by the test, not by the core. */
export function installQuietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
    shutdownSignals: [],
  });
}
