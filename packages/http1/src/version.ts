import { CR, LF } from './bytes.ts'
import { Refusal } from './refusal.ts'

/** Length of `HTTP/1.1`, bytes. */
export const VERSION_BYTES = 8

const HTTP = [0x48, 0x54, 0x54, 0x50, 0x2f]
const DOT = 0x2e
const ZERO = 0x30
const ONE = 0x31
const NINE = 0x39

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE

/**
 * Checks byte `p` of a version that begins at `start` and ends, in a request line, with CRLF. Byte by byte, so that a
 * read that ends inside the version is judged like any other. Returns a refusal or 0.
 */
export function versionRefusal(bytes: Uint8Array, start: number, p: number): Refusal | 0 {
  const offset = p - start
  const byte = bytes[p]
  if (offset < 5) return byte === HTTP[offset] ? 0 : byte === LF ? Refusal.BareLf : Refusal.BadVersion
  if (offset === 5) return isDigit(byte) ? 0 : Refusal.BadVersion
  if (offset === 6) return byte === DOT ? 0 : Refusal.BadVersion
  if (offset === 7) {
    if (!isDigit(byte)) return Refusal.BadVersion
    return bytes[start + 5] === ONE && byte <= ONE ? 0 : Refusal.UnsupportedVersion
  }
  if (offset === 8) return byte === CR ? 0 : byte === LF ? Refusal.BareLf : Refusal.BadVersion
  return byte === LF ? 0 : Refusal.BareCr
}

/** Whether the checked version at `start` is HTTP/1.1; else it is HTTP/1.0. */
export function isVersion11(bytes: Uint8Array, start: number): boolean {
  return bytes[start + 7] === ONE
}
