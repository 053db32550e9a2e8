const CONTROL = /[^\P{Cc}\t]|[\u2028\u2029]/gu

/**
 * Text of the network for a line of the log: bytes (latin1) are read as UTF-8, and control characters, the line
 * separators of Unicode among them, are written as percent-encoded bytes. So no request can start a line of its own
 * or talk to a terminal, whatever the template does with its strings. A horizontal tab stays: fields may have it.
 */
export function requestText(bytes: string): string {
  for (let i = 0; i < bytes.length; i++) {
    const code = bytes.charCodeAt(i)
    if (code < 0x20 ? code !== 0x09 : code > 0x7e) return unusualText(bytes)
  }
  return bytes
}

function unusualText(bytes: string): string {
  let text = bytes
  // Text that is no longer bytes stays what it is.
  if (!/[\u0100-\uffff]/.test(bytes)) text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.toWellFormed().replace(CONTROL, encodeURIComponent)
}
