import { CR, FIELD_VALUE, LF, SP } from './bytes.ts'
import { MARK_HOP, Part } from './field-scan.ts'
import { Framing } from './framing.ts'
import { KnownField } from './known-fields.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { MessageHead } from './message-head.ts'
import { Refusal } from './refusal.ts'
import { isVersion11, VERSION_BYTES, versionRefusal } from './version.ts'

/** Offset of the last status digit from the start of the line. */
const STATUS_END = VERSION_BYTES + 4

/**
 * The head of one response: scanned from bytes or built from an HTTP/2 stream. How its body ends depends on the
 * request; {@link parse} is told its method.
 */
export class ResponseHead extends MessageHead {
  /** 100 to 999; servers use codes beyond 599. */
  status = 0
  /** Whether the status line can be forwarded as it is: HTTP/1.1 with the space that RFC 9112 section 4 asks for. */
  isVerbatimLine = true

  constructor(limits: Readonly<Limits> = DEFAULT_LIMITS) {
    super(limits)
    this.reset()
  }

  /** Forgets the last response. Must be called before the next one is parsed. */
  reset(): void {
    this.resetMessage()
    this.status = 0
    this.isVerbatimLine = true
  }

  /** Whether this head is interim: another one follows on the same exchange (RFC 9110 section 15.2). */
  get isInterim(): boolean {
    return this.status < 200 && this.status !== 101
  }

  /** The reason phrase as received, possibly empty. */
  get reason(): string {
    if (this.version === 20) return ''
    return this.text.slice(STATUS_END + 1, this.text.indexOf('\r', STATUS_END))
  }

  /**
   * Scans on from where the last call stopped. `base` is where this head begins in `bytes`; `method` is the request's.
   * Returns the length of the head in bytes, INCOMPLETE, or a negative {@link Refusal}.
   */
  parse(bytes: Buffer, base: number, end: number, method: string): number {
    const length = this.scanHead(bytes, base, end)
    return length <= 0 ? length : this.readFields(method) || length
  }

  /**
   * Builds the head from an HTTP/2 response: its status and its raw fields (`[name, value, name, value, …]`), checked
   * by the same rules as bytes from the wire. `hasBody` is whether DATA frames may follow. Returns a refusal or 0.
   */
  build(status: number, fields: readonly string[], method: string, hasBody: boolean): number {
    this.reset()
    this.version = 20
    this.isVerbatimLine = false
    this.status = status
    if (!Number.isInteger(status) || status < 100 || status > 999 || status === 101)
      return Refusal.BadPseudoField
    const refusal = this.appendAll(fields)
    if (refusal < 0) return refusal
    this.endAppending()
    if (this.text.length > this.limits.headBytes) return Refusal.HeadTooLarge
    if (this.count > this.limits.headerCount) return Refusal.TooManyFields
    const problem = this.readFields(method)
    if (problem < 0 || hasBody) return problem
    if (this.framing === Framing.UntilClose) this.framing = Framing.None
    // RFC 9113 section 8.1.1: downstream would take the next response for the body that never comes.
    return this.framing === Framing.Length ? Refusal.BadContentLength : 0
  }

  /** The status line. Returns a refusal or 0. */
  protected override scanLine(bytes: Buffer, base: number, end: number): number {
    let p = base + this.at
    if (this.part === Part.Start) {
      for (; p < end && p < base + STATUS_END; p++) {
        const refusal = statusRefusal(bytes, base, p)
        if (refusal !== 0) return refusal
      }
      if (p === base + STATUS_END) {
        this.status = (bytes[p - 3] - 0x30) * 100 + (bytes[p - 2] - 0x30) * 10 + (bytes[p - 1] - 0x30)
        this.version = isVersion11(bytes, base) ? 11 : 10
        this.isVerbatimLine = this.version === 11
        this.part = Part.Status
      }
    }
    if (this.part === Part.Status && p < end) {
      // Many servers leave out the space before an empty reason phrase.
      if (bytes[p] === SP) p++
      else if (bytes[p] === CR) this.isVerbatimLine = false
      else return bytes[p] === LF ? Refusal.BareLf : Refusal.BadStatusLine
      this.part = Part.Reason
    }
    if (this.part === Part.Reason) {
      while (p < end && FIELD_VALUE[bytes[p]] === 1) p++
      if (p < end) {
        if (bytes[p] !== CR) return bytes[p] === LF ? Refusal.BareLf : Refusal.ControlInHead
        p++
        this.part = Part.ReasonLf
      }
    }
    if (this.part === Part.ReasonLf && p < end) {
      if (bytes[p] !== LF) return Refusal.BareCr
      p++
      this.part = Part.LineStart
    }
    this.at = p - base
    return 0
  }

  /** What the fields and the status say about the message (RFC 9112 section 6.3). Returns a refusal or 0. */
  protected readFields(method: string): number {
    for (let i = 0; i < this.count; i++) {
      const known = this.classify(i)
      if (known === KnownField.Other) continue
      const refusal = this.readCommonField(i, known)
      if (refusal < 0) return refusal
    }
    const refusal = this.settleCommonFields()
    if (refusal < 0) return refusal
    if (this.status < 200 || this.status === 204) this.#dropContentLength()
    if (method === 'HEAD' || this.status < 200 || this.status === 204 || this.status === 304)
      this.framing = Framing.None
    else if (this.isChunked) this.framing = Framing.Chunked
    else if (this.contentLength >= 0) this.framing = this.contentLength === 0 ? Framing.None : Framing.Length
    else this.framing = Framing.UntilClose
    return 0
  }

  /** RFC 9110 section 8.6: these responses have no content and must not announce any. */
  #dropContentLength(): void {
    for (let i = 0; i < this.count; i++)
      if (this.known(i) === KnownField.ContentLength) this.mark(i, MARK_HOP)
  }
}

/** Checks byte `p` of `HTTP/1.1 200` beginning at `start`. Returns a refusal or 0. */
function statusRefusal(bytes: Uint8Array, start: number, p: number): number {
  const offset = p - start
  if (offset < VERSION_BYTES) return versionRefusal(bytes, start, p)
  if (offset === VERSION_BYTES) return bytes[p] === SP ? 0 : Refusal.BadStatusLine
  const digit = bytes[p] - 0x30
  const isValid = digit >= (offset === VERSION_BYTES + 1 ? 1 : 0) && digit <= 9
  return isValid ? 0 : Refusal.BadStatusLine
}
