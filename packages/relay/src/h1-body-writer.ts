import { chunkHeader, lastChunk, type TrailerSection } from '@pilotlight/http1'
import type { Socket } from 'node:net'

/**
 * Up to this many body bytes are joined with the text before them into one string and one write; above it, copying
 * costs more than the second buffer of a vectored write.
 */
export const JOIN_BYTES_MAX = 2048

/** Writes a head or a chunk header with the bytes that follow it, in one system call. */
export function writeTextAndBytes(
  socket: Socket,
  text: string,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  if (end - start <= JOIN_BYTES_MAX) {
    socket.write(start === end ? text : text + bytes.toString('latin1', start, end), 'latin1')
    return
  }
  socket.cork()
  socket.write(text, 'latin1')
  socket.write(bytes.subarray(start, end))
  socket.uncork()
}

/** Writes one chunk of a chunked body, after `before`, a text that must precede it. Empty data writes `before` alone. */
export function writeChunk(socket: Socket, before: string, bytes: Buffer, start: number, end: number): void {
  if (start === end) {
    if (before !== '') socket.write(before, 'latin1')
    return
  }
  const text = before + chunkHeader(end - start)
  if (end - start <= JOIN_BYTES_MAX) {
    socket.write(`${text}${bytes.toString('latin1', start, end)}\r\n`, 'latin1')
    return
  }
  socket.cork()
  socket.write(text, 'latin1')
  socket.write(bytes.subarray(start, end))
  socket.write('\r\n', 'latin1')
  socket.uncork()
}

/** Ends a chunked body. */
export function writeLastChunk(socket: Socket, trailers: TrailerSection | null): void {
  socket.write(lastChunk(trailers === null ? '' : trailers.lines), 'latin1')
}
