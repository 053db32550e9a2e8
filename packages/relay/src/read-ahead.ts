/** Bytes of following requests that are read ahead while one is being answered. */
const READ_AHEAD_BYTES = 64 * 1024

/** Bytes read from a client and not handled yet: an unfinished head, or what came behind the current request. */
export class ReadAhead {
  /** The bytes, or null when there are none. */
  bytes: Buffer | null = null
  /** What `bytes` is a part of when it has room to grow, else null. */
  #room: Buffer | null = null

  /** Whether it is time to stop reading. */
  get isFull(): boolean {
    return this.bytes !== null && this.bytes.length >= READ_AHEAD_BYTES
  }

  /** Appends, doubling the room: a head that drips in must not be copied anew for each drip. */
  append(more: Buffer): void {
    const { bytes } = this
    if (bytes === null) {
      this.bytes = more
      return
    }
    const length = bytes.length + more.length
    let room = this.#room
    let start = bytes.byteOffset
    if (room === null || start + length > room.length) {
      room = Buffer.allocUnsafeSlow(2 * length)
      start = 0
      bytes.copy(room)
      this.#room = room
    }
    more.copy(room, start + bytes.length)
    this.bytes = room.subarray(start, start + length)
  }

  /** Forgets the bytes, and answers what they were. */
  take(): Buffer | null {
    const { bytes } = this
    this.bytes = null
    this.#room = null
    return bytes
  }
}
