/** Runs `stop` once on the first SIGTERM or SIGINT; the process ends by itself when nothing is left open. */
export function onStopSignal(stop: () => Promise<void>): void {
  let stopping: Promise<void> | null = null;
  const onSignal = () => {
    stopping ??= stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
