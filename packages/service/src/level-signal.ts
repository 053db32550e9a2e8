import type { Logger } from '@pilotlight/telemetry'

/**
 * Switches the level of the log while the process runs: SIGUSR2 to `debug`, the next SIGUSR2 back to the configured
 * level, and so on. Each time a line at `info` says so, whatever the level is.
 * SIGUSR1 belongs to Node's inspector. On Windows, which has no such signal, nothing happens.
 *
 *     configured ──SIGUSR2──▶ debug ──SIGUSR2──▶ configured
 */
export function switchLevelOnSignal(log: Logger): void {
  // Listening for it fails there.
  if (process.platform === 'win32') return
  const configured = log.level
  let isSwitched = false
  process.on('SIGUSR2', () => {
    isSwitched = !isSwitched
    const level = isSwitched ? 'debug' : configured
    // So that the line is written even when the configured level is above its own.
    log.level = 'debug'
    log.info(`SIGUSR2: the log level is ${level} from here on`, { configured })
    log.level = level
  })
}
