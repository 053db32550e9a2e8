import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TOKEN } from './bytes.ts'
import { Refusal } from './refusal.ts'

/**
 * Where a scan stands. A scan can stop after any byte and go on later, so every place where bytes may run out is a
 * part of its own; that is what makes the result independent of how the input was split into reads.
 *
 *     (start line parts of RequestHead / ResponseHead) ─► LineStart ─┬─► Name ─► BeforeValue ─► Value ─► LineEnd ─► LineStart
 *                                                                    └─► SectionEnd ─► done
 */
export const Part = {
  Start: 0,
  StartLf: 1,
  Method: 2,
  Target: 3,
  Version: 4,
  Status: 5,
  Reason: 6,
  ReasonLf: 7,
  LineStart: 8,
  Name: 9,
  BeforeValue: 10,
  Value: 11,
  LineEnd: 12,
  SectionEnd: 13,
} as const
/** One of {@link Part}. */
export type Part = (typeof Part)[keyof typeof Part]

/** Returned by scans when every byte was read and the section has not ended yet. */
export const INCOMPLETE = 0

/** Numbers kept per field in {@link FieldScan.slots}: name start, name end, value start, value end, mark. */
export const STRIDE = 5
/** Places of those numbers. */
export const NAME_START = 0
export const NAME_END = 1
export const VALUE_START = 2
export const VALUE_END = 3
export const MARK = 4

/** The low bits of a mark are the {@link KnownField}. */
export const KNOWN_MASK = 31
/** The line is not exactly `name: value CRLF`; it is written anew when forwarded. */
export const MARK_RAW = 32
/** Hop-by-hop: never forwarded (RFC 9110 section 7.6.1). */
export const MARK_HOP = 64
/** Taken out by the service. */
export const MARK_REMOVED = 128

/** Finds the fields of a section in bytes that come in pieces. What it found is read through `FieldSection`. */
export class FieldScan {
  /** {@link STRIDE} numbers per field, offsets from the start of the head. */
  readonly slots: number[] = []
  /** Number of fields received. */
  count = 0
  /** Offset of the CRLF that ends the section. */
  sectionEnd = 0

  /** The part the scan is in, and how many bytes it has read. */
  protected part: Part = Part.LineStart
  protected at = 0
  #nameStart = 0
  #nameEnd = 0
  #valueStart = 0
  #raw = false

  /** Makes ready for the next section. `part` is where its scan begins. */
  protected resetScan(part: Part): void {
    this.count = 0
    this.sectionEnd = 0
    this.part = part
    this.at = 0
  }

  /** Whether no byte was scanned yet. */
  get isUntouched(): boolean {
    return this.at === 0
  }

  /**
   * Scans field lines from where the last call stopped. `base` is where the head begins in `bytes` (it may differ
   * from call to call when the caller moved the bytes), `end` is exclusive.
   * Returns the length of the section from `base` on, {@link INCOMPLETE}, or a negative {@link Refusal}.
   */
  protected scanFields(bytes: Uint8Array, base: number, end: number, maxFields: number): number {
    let p = base + this.at
    let part = this.part
    for (;;) {
      if (part === Part.LineStart) {
        if (p === end) break
        if (bytes[p] === CR) {
          part = Part.SectionEnd
          p++
        } else {
          if (this.count === maxFields) return Refusal.TooManyFields
          this.#nameStart = p - base
          part = Part.Name
        }
      }
      if (part === Part.Name) {
        while (p < end && TOKEN[bytes[p]] === 1) p++
        if (p === end) break
        if (bytes[p] !== COLON || p - base === this.#nameStart)
          return nameRefusal(bytes[p], p - base - this.#nameStart)
        this.#nameEnd = p - base
        p++
        part = Part.BeforeValue
      }
      if (part === Part.BeforeValue) {
        while (p < end && (bytes[p] === SP || bytes[p] === HTAB)) p++
        if (p === end) break
        this.#valueStart = p - base
        this.#raw = this.#valueStart !== this.#nameEnd + 2 || bytes[p - 1] !== SP
        part = Part.Value
      }
      if (part === Part.Value) {
        while (p < end && FIELD_VALUE[bytes[p]] === 1) p++
        if (p === end) break
        if (bytes[p] !== CR) return bytes[p] === LF ? Refusal.BareLf : Refusal.ControlInHead
        this.#record(bytes, base, p - base)
        p++
        part = Part.LineEnd
      }
      if (p === end) break
      if (bytes[p] !== LF) return Refusal.BareCr
      p++
      if (part === Part.SectionEnd) {
        this.sectionEnd = p - base - 2
        return p - base
      }
      part = Part.LineStart
    }
    this.at = p - base
    this.part = part
    return INCOMPLETE
  }

  #record(bytes: Uint8Array, base: number, lineEnd: number): void {
    let valueEnd = lineEnd
    while (
      valueEnd > this.#valueStart &&
      (bytes[base + valueEnd - 1] === SP || bytes[base + valueEnd - 1] === HTAB)
    ) {
      valueEnd--
    }
    const slots = this.slots
    const slot = this.count * STRIDE
    // Pushing in order keeps the array packed; a slot of an earlier message is overwritten in place.
    slots[slot + NAME_START] = this.#nameStart
    slots[slot + NAME_END] = this.#nameEnd
    slots[slot + VALUE_START] = this.#valueStart
    slots[slot + VALUE_END] = valueEnd
    slots[slot + MARK] = this.#raw || valueEnd !== lineEnd ? MARK_RAW : 0
    this.count++
  }
}

/** Which rule a byte breaks that ended a field name after `length` bytes without a colon. */
function nameRefusal(byte: number, length: number): Refusal {
  if (byte === LF) return Refusal.BareLf
  if (byte === SP || byte === HTAB) return length === 0 ? Refusal.ObsFold : Refusal.SpaceBeforeColon
  return byte < SP && byte !== CR ? Refusal.ControlInHead : Refusal.BadFieldName
}
