import { INCOMPLETE, MARK_REMOVED, Part } from './field-scan.ts'
import { FieldSection } from './field-section.ts'
import { KnownField } from './known-fields.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import type { MessageHead } from './message-head.ts'
import { Refusal } from './refusal.ts'

/** The fields after the last chunk of a body (RFC 9112 section 7.1.2). */
export class TrailerSection extends FieldSection {
  readonly limits: Readonly<Limits>

  constructor(limits: Readonly<Limits> = DEFAULT_LIMITS) {
    super()
    this.limits = limits
  }

  /** Forgets the last section. */
  reset(): void {
    this.resetSection(Part.LineStart)
  }

  /**
   * Scans on from where the last call stopped; see RequestHead.parse. Returns the length of the section with its empty
   * line in bytes, {@link INCOMPLETE}, or a negative {@link Refusal}.
   */
  parse(bytes: Buffer, base: number, end: number): number {
    const isOver = end - base > this.limits.trailerBytes
    const stop = isOver ? base + this.limits.trailerBytes : end
    const length = this.scanFields(bytes, base, stop, this.limits.headerCount)
    if (length === INCOMPLETE) return isOver ? Refusal.TrailerTooLarge : INCOMPLETE
    if (length < 0) return length
    this.text = bytes.toString('latin1', base, base + length)
    return this.#readFields() || length
  }

  /**
   * A field that frames or routes the message has no business behind the body: who merges it would read another message
   * than we did. Such a section is refused; other connection fields are dropped.
   */
  #readFields(): number {
    for (let i = 0; i < this.count; i++) {
      switch (this.classify(i)) {
        case KnownField.ContentLength:
        case KnownField.TransferEncoding:
        case KnownField.Host:
          return Refusal.BadTrailer
        case KnownField.Other:
        case KnownField.Date:
          break
        default:
          this.mark(i, MARK_REMOVED)
      }
    }
    return 0
  }

  /** Builds the section from HTTP/2 trailers, `[name, value, name, value, …]`. Returns a refusal or 0. */
  build(fields: readonly string[]): number {
    this.reset()
    const refusal = this.appendAll(fields, true)
    this.endAppending()
    if (refusal < 0) return refusal
    if (this.text.length > this.limits.trailerBytes) return Refusal.TrailerTooLarge
    if (this.count > this.limits.headerCount) return Refusal.TooManyFields
    return this.#readFields()
  }

  /** Drops the fields that the Connection field of the message's head names (RFC 9110 section 7.6.1). */
  dropNamedIn(head: MessageHead): void {
    if (head.connectionNames === null) return
    for (let i = 0; i < this.count; i++) {
      if (head.connectionNames.has(this.name(i).toLowerCase())) this.mark(i, MARK_REMOVED)
    }
  }

  /** The field lines to forward, without the empty line; empty when there is none. */
  get lines(): string {
    return this.forwardedText(0)
  }
}
