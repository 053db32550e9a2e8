import { CR, FIELD_VALUE, HEX, HTAB, LF, SEMICOLON, SP } from './bytes.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import type { MessageHead } from './message-head.ts'
import { Refusal } from './refusal.ts'
import { TrailerSection } from './trailer-section.ts'

/** What {@link ChunkedDecoder.next} found; a negative number is a {@link Refusal}. */
export const ChunkEvent = {
  /** Every byte was read; more must come. */
  More: 0,
  /** `dataStart` to `dataEnd` are body bytes. */
  Data: 1,
  /** The body and its trailer section are complete. */
  End: 2,
} as const

/**
 *     Size ─┬────────────► SizeLf ─┬─► Data ─► DataCr ─► DataLf ─► Size
 *           └─► Extension ─►┘      └─► Trailer ─► Done
 */
const Step = {
  Size: 0,
  Extension: 1,
  SizeLf: 2,
  Data: 3,
  DataCr: 4,
  DataLf: 5,
  Trailer: 6,
  Done: 7,
} as const
type Step = (typeof Step)[keyof typeof Step]

/** Hex digits of the largest safe integer and the zeros that may stand before it. */
const SIZE_DIGITS_MAX = 16

const EMPTY = Buffer.alloc(0)

/** Decodes one chunked body after the other (RFC 9112 section 7.1). Extensions are checked for size and dropped. */
export class ChunkedDecoder {
  readonly limits: Readonly<Limits>
  readonly trailers: TrailerSection
  /** Where to go on reading after {@link next} returned. */
  position = 0
  /** First body byte of a `Data` event. */
  dataStart = 0
  /** End of the body bytes of a `Data` event, exclusive. */
  dataEnd = 0

  #step: Step = Step.Size
  #size = 0
  #digits = 0
  #extensionBytes = 0
  #afterSpace = false
  /** Trailer bytes of earlier reads: the section is scanned as one piece. */
  #pending: Buffer = EMPTY

  constructor(limits: Readonly<Limits> = DEFAULT_LIMITS) {
    this.limits = limits
    this.trailers = new TrailerSection(limits)
  }

  /** Makes the decoder ready for the next body. */
  reset(): void {
    this.trailers.reset()
    this.#step = Step.Size
    this.#size = 0
    this.#digits = 0
    this.#extensionBytes = 0
    this.#afterSpace = false
    this.#pending = EMPTY
  }

  /** Whether the body is complete. */
  get isDone(): boolean {
    return this.#step === Step.Done
  }

  /** The trailers of a complete body whose message began with `head`, without those its Connection names; or null. */
  trailersFor(head: MessageHead): TrailerSection | null {
    if (this.trailers.count === 0) return null
    this.trailers.dropNamedIn(head)
    return this.trailers
  }

  /** Reads `bytes[from, end)` up to the next event. Returns a {@link ChunkEvent} or a negative {@link Refusal}. */
  next(bytes: Buffer, from: number, end: number): number {
    let p = from
    while (p < end) {
      if (this.#step === Step.Data) return this.#data(p, end)
      if (this.#step === Step.Trailer) return this.#trailer(bytes, p, end)
      if (this.#step === Step.Done) {
        this.position = p
        return ChunkEvent.End
      }
      const refusal = this.#stepOver(bytes[p])
      if (refusal !== 0) return refusal
      p++
    }
    this.position = end
    return ChunkEvent.More
  }

  #data(p: number, end: number): number {
    const length = Math.min(this.#size, end - p)
    this.dataStart = p
    this.dataEnd = p + length
    this.position = p + length
    this.#size -= length
    if (this.#size === 0) this.#step = Step.DataCr
    return ChunkEvent.Data
  }

  /** Moves over one byte of framing. Returns a refusal or 0. */
  #stepOver(byte: number): Refusal | 0 {
    switch (this.#step) {
      case Step.Size:
        return this.#stepOverSize(byte)
      case Step.Extension:
        if (byte === CR) {
          if (this.#afterSpace) return Refusal.BadChunkSize
          this.#step = Step.SizeLf
          return 0
        }
        return this.#stepOverExtension(byte)
      case Step.SizeLf:
        if (byte !== LF) return Refusal.BareCr
        this.#step = this.#size === 0 ? Step.Trailer : Step.Data
        this.#digits = 0
        return 0
      case Step.DataCr:
        if (byte !== CR) return Refusal.BadChunkEnd
        this.#step = Step.DataLf
        return 0
      default:
        if (byte !== LF) return Refusal.BadChunkEnd
        this.#step = Step.Size
        return 0
    }
  }

  #stepOverSize(byte: number): Refusal | 0 {
    const digit = HEX[byte]
    if (digit < 16) {
      if (++this.#digits > SIZE_DIGITS_MAX) return Refusal.BadChunkSize
      this.#size = this.#size * 16 + digit
      return this.#size > Number.MAX_SAFE_INTEGER ? Refusal.BadChunkSize : 0
    }
    if (this.#digits === 0) return Refusal.BadChunkSize
    if (byte === CR) {
      this.#step = Step.SizeLf
      return 0
    }
    if (byte === LF) return Refusal.BareLf
    if (byte !== SEMICOLON && byte !== SP && byte !== HTAB) return Refusal.BadChunkSize
    this.#step = Step.Extension
    // White space is allowed only before a semicolon: a size with a space behind it is read differently elsewhere.
    this.#afterSpace = byte !== SEMICOLON
    return this.#countExtensionByte()
  }

  #stepOverExtension(byte: number): Refusal | 0 {
    if (byte === LF) return Refusal.BareLf
    if (FIELD_VALUE[byte] !== 1) return Refusal.ControlInHead
    if (this.#afterSpace && byte !== SP && byte !== HTAB) {
      if (byte !== SEMICOLON) return Refusal.BadChunkSize
      this.#afterSpace = false
    }
    return this.#countExtensionByte()
  }

  #countExtensionByte(): Refusal | 0 {
    return ++this.#extensionBytes > this.limits.chunkExtensionBytes ? Refusal.ChunkExtensionTooLong : 0
  }

  #trailer(bytes: Buffer, from: number, end: number): number {
    const pending = this.#pending.length
    const section = pending === 0 ? bytes : Buffer.concat([this.#pending, bytes.subarray(from, end)])
    const base = pending === 0 ? from : 0
    const length = this.trailers.parse(section, base, pending === 0 ? end : section.length)
    if (length < 0) return length
    if (length === 0) {
      this.#pending = pending === 0 ? Buffer.from(bytes.subarray(from, end)) : section
      this.position = end
      return ChunkEvent.More
    }
    this.#pending = EMPTY
    this.#step = Step.Done
    this.position = from + length - pending
    return ChunkEvent.End
  }
}
