/** What a buffered chunk costs at least: bodies in chunks of one byte must not buffer a hundred times what they say. */
const CHUNK_COST_BYTES = 128

/**
 * Request body bytes that were received and may still be needed: to be sent once there is a stream, or to be sent again
 * on another one. They are of use only while every byte from the first on is there.
 */
export class HeldBody {
  /** The bytes from the first one on. */
  chunks: Buffer[] = []
  /** Whether bytes were let go: the request cannot be sent from its beginning any more. */
  isBroken = false
  /** How much is held before the reading stops, or before sent bytes are let go. */
  bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Whether reading should stop until there is a stream. */
  get isFull(): boolean {
    return this.#bytes >= this.bytesMax
  }

  /** Holds bytes that could not be sent yet. */
  hold(bytes: Buffer, start: number, end: number): void {
    this.chunks.push(bytes.subarray(start, end))
    this.#bytes += Math.max(end - start, CHUNK_COST_BYTES)
  }

  /** Keeps bytes that were sent, as long as the whole body so far fits. */
  keep(bytes: Buffer, start: number, end: number): void {
    if (this.isBroken) return
    if (this.#bytes + end - start <= this.bytesMax) return this.hold(bytes, start, end)
    this.release()
    this.isBroken = true
  }

  /** Lets everything go. */
  release(): void {
    this.chunks = []
    this.#bytes = 0
  }
}
