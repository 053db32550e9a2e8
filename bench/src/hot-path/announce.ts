import { ownUsage } from '../process/accounting.ts'
import { serveControl } from '../process/control.ts'

/** What a Node proxy prints when it listens; the control port only where the system has no /proc. */
export interface Announcement {
  port: number
  control: number | null
}

/** The origin's port, as the harness gives it to a Node proxy. */
export function originPort(): number {
  return Number(process.env['BENCH_ORIGIN_PORT'])
}

/** What client and origin of this run speak. */
export function isH2c(): boolean {
  return process.env['BENCH_PROTOCOL'] === 'h2c'
}

/**
 * Tells the harness where this proxy listens, and ends the process properly on SIGTERM, because only an exit writes
 * the compile cache: with a warm one, the type stripper (20 MB) is never loaded into a measured process.
 */
export async function announce(port: number): Promise<void> {
  process.on('SIGTERM', () => process.exit(0))
  const control = process.env['BENCH_CONTROL'] === '1' ? await serveControl(ownUsage) : null
  const line: Announcement = { port, control }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
