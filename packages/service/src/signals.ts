/** Exit code of a process that was told twice to end, as in Knative. */
const IMPATIENT = 1

/** Ends the process with 0 after `shutdown`, once it is told to end (SIGTERM, SIGINT); with 1 at once when it is told twice. */
export function endOnSignal(shutdown: () => Promise<void>): void {
  let isEnding = false
  const onSignal = (): void => {
    // Whoever asks twice does not want to wait.
    if (isEnding) process.exit(IMPATIENT)
    isEnding = true
    void shutdown().then(() => process.exit(0))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}
