import { checkTransferEncoding, keepAliveTimeout, listElements, parseContentLength } from './field-lists.ts'
import { INCOMPLETE, MARK_HOP, MARK_RAW, Part } from './field-scan.ts'
import { FieldSection } from './field-section.ts'
import { Framing } from './framing.ts'
import { KnownField } from './known-fields.ts'
import type { Limits } from './limits.ts'
import { Refusal } from './refusal.ts'

/** Versions a head can have: 10 and 11 as read from the wire, 20 for a head built from an HTTP/2 stream. */
export type Version = 10 | 11 | 20

const ZERO = 0x30

/** What request and response heads have in common: the connection options and the length of the body. */
export abstract class MessageHead extends FieldSection {
  /** The bounds this head was made with. */
  readonly limits: Readonly<Limits>
  /** Version of the message. */
  version: Version = 11
  /** How the end of the body is found. */
  framing: Framing = Framing.None
  /** Value of Content-Length in bytes, or -1. */
  contentLength = -1
  /** Whether the sender keeps the connection open after this exchange (RFC 9112 section 9.3). */
  keepAlive = true
  /** Seconds of `Keep-Alive: timeout=`, or -1. */
  keepAliveSeconds = -1
  /** Protocols of the Upgrade field when Connection names it, else empty. */
  upgrade = ''
  /** Whether Transfer-Encoding is present; it is `chunked` then, anything else was refused. */
  protected isChunked = false
  /** Whether the message has a Date that is forwarded. */
  hasDate = false
  /** Lower-case names that Connection lists beside its own options, or null when it lists none. */
  connectionNames: ReadonlySet<string> | null = null

  #upgradeField = ''
  #saysClose = false
  #saysKeepAlive = false
  #saysUpgrade = false
  #namesFields = false

  constructor(limits: Readonly<Limits>) {
    super()
    this.limits = limits
  }

  /** Scans the start line from where the last call stopped. Returns a refusal or 0. */
  protected abstract scanLine(bytes: Buffer, base: number, end: number): number

  /**
   * Scans start line and fields from where the last call stopped, and makes the text when they are complete. Returns
   * the length of the head in bytes, {@link INCOMPLETE}, or a negative {@link Refusal}.
   */
  protected scanHead(bytes: Buffer, base: number, end: number): number {
    const isOver = end - base > this.limits.headBytes
    const stop = isOver ? base + this.limits.headBytes : end
    let length = this.part < Part.LineStart ? this.scanLine(bytes, base, stop) : INCOMPLETE
    if (length === INCOMPLETE && this.part >= Part.LineStart) {
      length = this.scanFields(bytes, base, stop, this.limits.headerCount)
    }
    if (length < 0) return length
    if (length === INCOMPLETE) return isOver ? Refusal.HeadTooLarge : INCOMPLETE
    this.text = bytes.toString('latin1', base, base + length)
    return length
  }

  protected resetMessage(): void {
    this.resetSection(Part.Start)
    this.version = 11
    this.framing = Framing.None
    this.contentLength = -1
    this.keepAlive = true
    this.keepAliveSeconds = -1
    this.upgrade = ''
    this.isChunked = false
    this.hasDate = false
    this.connectionNames = null
    this.#upgradeField = ''
    this.#saysClose = false
    this.#saysKeepAlive = false
    this.#saysUpgrade = false
    this.#namesFields = false
  }

  /** Reads field `index` if its meaning is the same in requests and responses. Returns a refusal or 0. */
  protected readCommonField(index: number, known: KnownField): number {
    switch (known) {
      case KnownField.ContentLength:
        return this.#readContentLength(index)
      case KnownField.TransferEncoding:
        return this.#readTransferEncoding(index)
      case KnownField.Connection:
        this.mark(index, MARK_HOP)
        this.#readConnection(this.value(index))
        return 0
      case KnownField.Upgrade:
        this.mark(index, MARK_HOP)
        this.#upgradeField =
          this.#upgradeField === '' ? this.value(index) : `${this.#upgradeField}, ${this.value(index)}`
        return 0
      case KnownField.KeepAlive:
        this.mark(index, MARK_HOP)
        this.keepAliveSeconds = keepAliveTimeout(this.value(index))
        return 0
      case KnownField.Te:
      case KnownField.ProxyConnection:
      case KnownField.ProxyAuthenticate:
      case KnownField.ProxyAuthorization:
      case KnownField.Http2Settings:
        this.mark(index, MARK_HOP)
        return 0
      case KnownField.Date:
        this.hasDate = true
        return 0
      default:
        return 0
    }
  }

  /** The rules between fields, when all were read. Returns a refusal or 0. */
  protected settleCommonFields(): number {
    if (this.isChunked) {
      if (this.contentLength >= 0) return Refusal.LengthAndTransferEncoding
      if (this.version === 10) return Refusal.TransferEncodingIn10
    }
    this.keepAlive = !this.#saysClose && (this.version !== 10 || this.#saysKeepAlive)
    if (this.#saysUpgrade && this.version === 11) this.upgrade = this.#upgradeField
    if (this.#namesFields) this.#dropNamedFields()
    return 0
  }

  #readContentLength(index: number): number {
    if (this.contentLength >= 0) return Refusal.RepeatedContentLength
    const value = this.value(index)
    const length = parseContentLength(value)
    if (length < 0) return length
    this.contentLength = length
    if (value.length > 1 && value.charCodeAt(0) === ZERO) this.mark(index, MARK_RAW)
    return 0
  }

  #readTransferEncoding(index: number): number {
    this.mark(index, MARK_HOP)
    if (this.isChunked) return Refusal.BadTransferEncoding
    this.isChunked = true
    return checkTransferEncoding(this.value(index))
  }

  #readConnection(value: string): void {
    // The two options nearly every connection uses, without splitting.
    if (value === 'keep-alive') {
      this.#saysKeepAlive = true
      return
    }
    if (value === 'close') {
      this.#saysClose = true
      return
    }
    for (const element of listElements(value)) {
      const option = element.toLowerCase()
      if (option === 'close') this.#saysClose = true
      else if (option === 'keep-alive') this.#saysKeepAlive = true
      else if (option === 'upgrade') this.#saysUpgrade = true
      else this.#namesFields = true
    }
  }

  /**
   * RFC 9110 section 7.6.1: fields named in Connection end here. Fields meant for every recipient may not be named
   * there; framing and Host stay ours, so naming them changes nothing. A set, because a hostile head can name 500,000
   * options beside 4,000 fields.
   */
  #dropNamedFields(): void {
    const names = new Set<string>()
    for (let i = 0; i < this.count; i++) {
      if (this.known(i) !== KnownField.Connection) continue
      for (const option of listElements(this.value(i))) names.add(option.toLowerCase())
    }
    for (let i = 0; i < this.count; i++) {
      const known = this.known(i)
      if (known === KnownField.Host || known === KnownField.ContentLength) continue
      if (!names.has(this.name(i).toLowerCase())) continue
      this.mark(i, MARK_HOP)
      if (known === KnownField.Date) this.hasDate = false
    }
    this.connectionNames = names
  }

  protected override canonicalValue(index: number): string {
    return this.known(index) === KnownField.ContentLength ? String(this.contentLength) : this.value(index)
  }
}
