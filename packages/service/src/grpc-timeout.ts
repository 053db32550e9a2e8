import type { Clocks } from '@pilotlight/relay'

/** Milliseconds of each unit of the gRPC protocol (PROTOCOL-HTTP2, TimeoutUnit). */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
}

/** Longest deadline that is kept, ms: 30 days. Who waits longer waits as long as everybody else. */
const LONGEST_MS = 30 * 24 * 3_600_000

/** Whole ms of a grpc-timeout value, at least 1; -1 for one that is malformed or too long to matter. */
export function grpcTimeoutMs(value: string): number {
  const unit = UNITS[value.at(-1) ?? '']
  const digits = value.slice(0, -1)
  if (unit === undefined || !/^\d{1,8}$/.test(digits)) return -1
  const ms = Math.max(1, Math.ceil(Number(digits) * unit))
  return ms > LONGEST_MS ? -1 : ms
}

/** `clocks` with the deadline of a gRPC client: after that nobody wants the answer. */
export function clocksUntil(clocks: Clocks, timeout: string): Clocks {
  const ms = grpcTimeoutMs(timeout)
  return ms < 0 || (clocks.totalMs > 0 && clocks.totalMs <= ms) ? clocks : { ...clocks, totalMs: ms }
}
