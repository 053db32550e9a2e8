/** Longest wait a caller may ask for, seconds; what it asks beyond is cut to it. */
const WAIT_SECONDS_MAX = 600

/**
 * How long the sender of a Prefer field is willing to wait for the answer (RFC 7240 section 4.3), whole seconds from 0
 * to 600; 0 when it does not say.
 */
export function waitSeconds(prefer: string | undefined): number {
  if (prefer === undefined) return 0
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(prefer)?.[1]
  return seconds === undefined ? 0 : Math.min(WAIT_SECONDS_MAX, Number(seconds))
}
