import { Attempt, dial } from '@pilotlight/probe'
import { Socket } from 'node:net'
import { type Clock, systemClock } from '../clock.ts'

/** What the app speaks on its port. */
export type AppProtocol = 'h2' | 'http1' | 'unreachable'

/** The client's connection preface (RFC 9113 section 3.4) and an empty SETTINGS frame. */
const GREETING = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
/** GOAWAY: no stream was handled, NO_ERROR. */
const GOODBYE = Buffer.from('0000080700000000000000000000000000', 'hex')
const FRAME_HEADER_BYTES = 9
const SETTINGS = 4
/** Bytes of one setting. */
const SETTING_BYTES = 6
/** Largest frame an endpoint may send before it is told otherwise, bytes (RFC 9113 section 6.5.2). */
const FRAME_BYTES_MAX = 16384

/**
 * Finds out whether the app on 127.0.0.1:`port` understands HTTP/2 without TLS: it is greeted in HTTP/2, and an app that
 * does must answer with SETTINGS first. Any other answer, silence for `timeoutMs` or the end of the connection is HTTP/1.
 */
export async function detectHttp2(
  port: number,
  timeoutMs: number,
  clock: Clock = systemClock,
): Promise<AppProtocol> {
  const attempt = new Attempt(timeoutMs, clock)
  const socket = await dial('127.0.0.1', String(port), '', attempt)
  if (!(socket instanceof Socket)) {
    attempt.cancel()
    return 'unreachable'
  }
  const isH2 = await answersWithSettings(socket)
  if (isH2) socket.end(GOODBYE)
  else socket.destroy()
  // What is still open, which is the end of the connection being told, has the rest of the time.
  attempt.conclude()
  return isH2 ? 'h2' : 'http1'
}

function answersWithSettings(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      if (bytes.length >= FRAME_HEADER_BYTES) return
      bytes = Buffer.concat([bytes, chunk])
      if (!maySettingsBegin(bytes)) resolve(false)
      else if (bytes.length >= FRAME_HEADER_BYTES) resolve(true)
    })
    socket.once('end', () => resolve(false))
    socket.once('close', () => resolve(false))
    if (socket.destroyed) resolve(false)
    else socket.write(GREETING)
  })
}

/** Whether these first bytes of a connection are, or can become, the header of the server's first SETTINGS frame. */
function maySettingsBegin(bytes: Buffer): boolean {
  const { length } = bytes
  if (length > 3 && bytes[3] !== SETTINGS) return false
  // Text as a length would be far above what any frame may have.
  if (length > 0 && bytes[0] !== 0) return false
  const payload = length > 2 ? bytes.readUInt16BE(1) : 0
  if (payload > FRAME_BYTES_MAX || payload % SETTING_BYTES !== 0) return false
  // Flags: an acknowledgement does not come first. Stream: always 0.
  return !bytes.subarray(4, FRAME_HEADER_BYTES).some((byte) => byte !== 0)
}
