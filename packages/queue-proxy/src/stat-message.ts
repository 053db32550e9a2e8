import type { LoadReport } from '@pilotlight/admission'

/** What the autoscaler reads at most; a longer report is lost (Knative's scraper). */
export const STAT_BYTES_MAX = 336

const TAG_POD_NAME = 0x0a
const TAG_AVERAGE_CONCURRENCY = 0x11
const TAG_AVERAGE_PROXIED = 0x19
const TAG_REQUEST_COUNT = 0x21
const TAG_PROXIED_COUNT = 0x29
const TAG_UPTIME = 0x31

/** Bytes of a tag and a double. */
const DOUBLE_FIELD = 9

/**
 * The message `Stat` of Knative's autoscaler in proto3: fields ascending, those that are zero left out. Without a
 * report it says only who we are. `startedAt` is on the clock of the report, ms.
 */
export function encodeStat(podName: string, report: LoadReport | null, startedAt: number): Uint8Array {
  const name = Buffer.from(podName, 'utf8')
  const bytes = Buffer.alloc(name.length + 6 + 5 * DOUBLE_FIELD)
  let at = 0
  if (name.length > 0) {
    bytes[at++] = TAG_POD_NAME
    at = writeVarint(bytes, at, name.length)
    at += name.copy(bytes, at)
  }
  if (report !== null) {
    at = writeDouble(bytes, at, TAG_AVERAGE_CONCURRENCY, report.averageConcurrency)
    at = writeDouble(bytes, at, TAG_AVERAGE_PROXIED, report.averageProxiedConcurrency)
    at = writeDouble(bytes, at, TAG_REQUEST_COUNT, report.requestRate)
    at = writeDouble(bytes, at, TAG_PROXIED_COUNT, report.proxiedRequestRate)
    at = writeDouble(bytes, at, TAG_UPTIME, (report.endedAt - startedAt) / 1000)
  }
  return bytes.subarray(0, at)
}

function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value
  let position = at
  for (; rest > 0x7f; rest >>>= 7) bytes[position++] = (rest & 0x7f) | 0x80
  bytes[position++] = rest
  return position
}

function writeDouble(bytes: Buffer, at: number, tag: number, value: number): number {
  if (value === 0) return at
  bytes[at] = tag
  return bytes.writeDoubleLE(value, at + 1)
}
