/** The client's connection preface (RFC 9113 section 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Whether `bytes` begin with the preface, or are the beginning of it. */
export function isPrefacePrefix(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, PREFACE.length)
  return bytes.compare(PREFACE, 0, length, 0, length) === 0
}

/** What a server sends that takes no session now: empty SETTINGS, then GOAWAY with ENHANCE_YOUR_CALM. */
export const GOAWAY_BUSY: Buffer = Buffer.from('000000040000000000000008070000000000000000000000000b', 'hex')
