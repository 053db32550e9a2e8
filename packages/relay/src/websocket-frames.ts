/** Opcode of a close frame (RFC 6455 section 5.2). */
const CLOSE = 0x8
const OPCODE = 0x0f
const MASKED = 0x80
const LENGTH = 0x7f
/** Lengths that say that the length itself follows, in two or in eight bytes. */
const LENGTH_16 = 126
const LENGTH_64 = 127
const MASK_BYTES = 4

/** Status 1001, "going away" (RFC 6455 section 7.4.1), as it stands on the wire. */
const GOING_AWAY = [0x03, 0xe9]

/** A close frame with status 1001 from a server. */
export function serverCloseFrame(): Buffer {
  return Buffer.from([0x80 | CLOSE, GOING_AWAY.length, ...GOING_AWAY])
}

/** A close frame with status 1001 from a client, which has to be masked (RFC 6455 section 5.3). */
export function clientCloseFrame(): Buffer {
  // A mask keeps others from choosing what is on the wire. Nobody chooses this payload, so any random number will do.
  const mask = Array.from({ length: MASK_BYTES }, () => Math.floor(Math.random() * 256))
  const payload = GOING_AWAY.map((byte, i) => byte ^ mask[i])
  return Buffer.from([0x80 | CLOSE, MASKED | GOING_AWAY.length, ...mask, ...payload])
}

/**
 * Where the frames of one direction of a WebSocket end (RFC 6455 section 5.2). It has to see every byte from the first
 * one on, in pieces of any size; it keeps none.
 */
export class WebSocketFrames {
  /** Whether a close frame has passed. */
  hasClose = false
  /** Bytes of the current header so far. */
  #headerBytes = 0
  /** Bytes of the current header in all, known with its second one. */
  #headerLength = 2
  /** Where the length ends in the current header. */
  #lengthEnd = 2
  #length = 0
  #isClose = false
  /** Payload bytes still to come. */
  #left = 0

  /** Whether the next byte begins a frame. Between two frames a control frame may stand, also inside a message. */
  get isAtBoundary(): boolean {
    return this.#headerBytes === 0 && this.#left === 0
  }

  /** Reads on in `bytes[start, end)` to the end of the current frame. Returns where that is; `end` when it is further. */
  next(bytes: Uint8Array, start: number, end: number): number {
    let position = start
    while (this.#left === 0 && position < end) {
      this.#readHeader(bytes[position++])
      if (this.isAtBoundary) return this.#endFrame(position)
    }
    if (this.#left === 0) return end
    const taken = Math.min(end - position, this.#left)
    this.#left -= taken
    return this.#left === 0 ? this.#endFrame(position + taken) : end
  }

  /** Reads `bytes[start, end)`. */
  follow(bytes: Uint8Array, start: number, end: number): void {
    for (let position = start; position < end;) position = this.next(bytes, position, end)
  }

  #endFrame(position: number): number {
    if (this.#isClose) this.hasClose = true
    return position
  }

  #readHeader(byte: number): void {
    const at = this.#headerBytes++
    if (at === 0) {
      this.#isClose = (byte & OPCODE) === CLOSE
      this.#headerLength = 2
    } else if (at === 1) {
      const length = byte & LENGTH
      const isExtended = length >= LENGTH_16
      this.#length = isExtended ? 0 : length
      this.#lengthEnd = isExtended ? (length === LENGTH_64 ? 10 : 4) : 2
      this.#headerLength = this.#lengthEnd + ((byte & MASKED) === 0 ? 0 : MASK_BYTES)
    } else if (at < this.#lengthEnd) {
      this.#length = this.#length * 256 + byte
    }
    if (this.#headerBytes < this.#headerLength) return
    this.#headerBytes = 0
    this.#left = this.#length
  }
}
