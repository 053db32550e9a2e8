/** The client's connection preface (RFC 9113 section 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Whether `bytes` begin with the preface, or are the beginning of it. */
export function isPrefacePrefix(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, PREFACE.length)
  return bytes.compare(PREFACE, 0, length, 0, length) === 0
}

/** Bytes of a frame header (RFC 9113 section 4.1). */
export const FRAME_HEADER_BYTES = 9
/** The largest frame before anybody allowed more (RFC 9113 section 6.5.2). */
const FRAME_BYTES_MAX = 16_384
const SETTING_BYTES = 6
const SETTINGS = 4

/**
 * Whether `bytes[start, end)` begin with the header of the SETTINGS frame that is a server's connection preface (RFC 9113
 * section 3.4), or are the beginning of it.
 */
export function isServerPrefacePrefix(bytes: Buffer, start: number, end: number): boolean {
  const available = Math.min(end - start, FRAME_HEADER_BYTES)
  if (available >= 3) {
    const length = bytes.readUIntBE(start, 3)
    if (length > FRAME_BYTES_MAX || length % SETTING_BYTES !== 0) return false
  } else if (bytes[start] !== 0 || (available === 2 && bytes[start + 1] > FRAME_BYTES_MAX >> 8)) {
    return false
  }
  if (available > 3 && bytes[start + 3] !== SETTINGS) return false
  // Neither flags, which would make it an acknowledgement, nor a stream.
  for (let i = 4; i < available; i++) if (bytes[start + i] !== 0) return false
  return true
}

/** What a server sends that takes no session now: empty SETTINGS, then GOAWAY with ENHANCE_YOUR_CALM. */
export const GOAWAY_BUSY: Buffer = Buffer.from('000000040000000000000008070000000000000000000000000b', 'hex')
