import { CR, LF, SP, TARGET, TOKEN } from './bytes.ts'
import { listElements, listHas } from './field-lists.ts'
import { MARK_HOP, Part } from './field-scan.ts'
import { isToken } from './field-text.ts'
import { Framing } from './framing.ts'
import { isHost } from './host.ts'
import { KnownField } from './known-fields.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { MessageHead } from './message-head.ts'
import { Refusal } from './refusal.ts'
import { isVersion11, VERSION_BYTES, versionRefusal } from './version.ts'

/** Longest method accepted, bytes; the longest registered one has 17. */
export const METHOD_BYTES_MAX = 64

const SLASH = 0x2f
const QUESTION_MARK = 0x3f

/**
 * The head of one request: scanned from bytes or built from an HTTP/2 stream, then read and edited by the service,
 * then written by {@link requestText}. One instance serves a connection for all its requests.
 */
export class RequestHead extends MessageHead {
  /** A token, case kept. */
  method = ''
  /** What is sent upstream: origin-form (`/path?query`) or `*`; for CONNECT the authority. */
  target = ''
  /** Whom the request is for: the authority of the target or of `:authority`, else the Host value. */
  host = ''
  /** Whether the client waits for 100 before it sends the body (never on HTTP/1.0 or without a body). */
  expectsContinue = false
  /** Whether the client says that it understands trailers (TE: trailers). */
  acceptsTrailers = false
  /** Offset in `text` where the request line begins when it can be forwarded as it is, else -1. */
  lineStart = 0

  /** Whether the request says whom it is for, by Host or by its target. */
  hasHost = false

  #targetStart = 0
  #versionStart = 0
  #hosts = 0

  constructor(limits: Readonly<Limits> = DEFAULT_LIMITS) {
    super(limits)
    this.reset()
  }

  /** Forgets the last request. Must be called before the next one is parsed. */
  reset(): void {
    this.resetMessage()
    this.method = ''
    this.target = ''
    this.host = ''
    this.expectsContinue = false
    this.acceptsTrailers = false
    this.lineStart = 0
    this.hasHost = false
    this.#hosts = 0
  }

  /**
   * Scans on from where the last call stopped. `base` is where this head begins in `bytes`; all of the head read so
   * far must stand from there on. Returns the length of the head in bytes, INCOMPLETE, or a {@link Refusal}.
   */
  parse(bytes: Buffer, base: number, end: number): number {
    const length = this.scanHead(bytes, base, end)
    if (length <= 0) return length
    return this.#readLine() || this.readFields() || length
  }

  /**
   * Builds the head from an HTTP/2 stream: its pseudo-header fields and its raw fields
   * (`[name, value, name, value, …]`). It is checked by the same rules as bytes from the wire, so that nothing can be
   * smuggled through the change of protocol. `hasBody` is whether DATA frames may follow. Returns a refusal or 0.
   */
  build(
    method: string,
    path: string,
    authority: string,
    fields: readonly string[],
    hasBody: boolean,
  ): number {
    this.reset()
    this.version = 20
    this.lineStart = -1
    this.method = method
    this.target = path
    if (!isToken(method) || method.length > METHOD_BYTES_MAX) return Refusal.BadMethod
    // Extended and plain CONNECT make tunnels; this is a reverse proxy.
    if (method === 'CONNECT' || !isH2Path(method, path)) return Refusal.BadPseudoField
    if (path.length > this.limits.targetBytes) return Refusal.TargetTooLong
    if (!isHost(authority)) return Refusal.BadHost
    if (authority !== '') this.append('Host', authority)
    const refusal = this.appendAll(withOneCookie(fields)) || this.#settleBuilt(authority)
    if (refusal < 0) return refusal
    if (hasBody && this.contentLength < 0) {
      this.framing = Framing.UntilClose
      this.expectsContinue = this.indexOf('expect') >= 0
    }
    // RFC 9113 section 8.1.1: upstream would take the next request for the body that never comes.
    return !hasBody && this.framing === Framing.Length ? Refusal.BadContentLength : 0
  }

  #settleBuilt(authority: string): number {
    this.endAppending()
    if (this.text.length > this.limits.headBytes) return Refusal.HeadTooLarge
    if (this.count > this.limits.headerCount) return Refusal.TooManyFields
    if (authority !== '') this.#dropEqualHosts(authority)
    return this.readFields()
  }

  /** RFC 9113 section 8.3.1: Host may stand beside `:authority` when it says the same. */
  #dropEqualHosts(authority: string): void {
    for (let i = this.indexOf('host', 1); i >= 0; i = this.indexOf('host', i + 1)) {
      if (this.value(i).toLowerCase() === authority.toLowerCase()) this.forget(i)
    }
  }

  /** The request line, with at most one empty line before it (RFC 9112 section 2.2). Returns a refusal or 0. */
  protected override scanLine(bytes: Buffer, base: number, end: number): number {
    let p = base + this.at
    if (this.part === Part.Start && p < end) {
      if (bytes[p] === CR) {
        p++
        this.part = Part.StartLf
      } else {
        this.part = Part.Method
      }
    }
    if (this.part === Part.StartLf && p < end) {
      if (bytes[p] !== LF) return Refusal.BareCr
      p++
      this.lineStart = 2
      this.part = Part.Method
    }
    if (this.part === Part.Method) {
      const start = base + this.lineStart
      while (p < end && TOKEN[bytes[p]] === 1 && p - start < METHOD_BYTES_MAX) p++
      if (p < end) {
        if (bytes[p] === LF) return Refusal.BareLf
        if (bytes[p] !== SP || p === start) return Refusal.BadMethod
        p++
        this.#targetStart = p - base
        this.part = Part.Target
      }
    }
    if (this.part === Part.Target) {
      const longest = base + this.#targetStart + this.limits.targetBytes
      while (p < end && TARGET[bytes[p]] === 1 && p <= longest) p++
      if (p > longest) return Refusal.TargetTooLong
      if (p < end) {
        if (bytes[p] === LF) return Refusal.BareLf
        if (bytes[p] === CR) return Refusal.BadRequestLine
        if (bytes[p] !== SP || p - base === this.#targetStart) return Refusal.BadTarget
        p++
        this.#versionStart = p - base
        this.part = Part.Version
      }
    }
    if (this.part === Part.Version) {
      const start = base + this.#versionStart
      for (; p < end && p < start + VERSION_BYTES + 2; p++) {
        const refusal = versionRefusal(bytes, start, p)
        if (refusal !== 0) return refusal
      }
      if (p === start + VERSION_BYTES + 2) {
        this.version = isVersion11(bytes, start) ? 11 : 10
        this.part = Part.LineStart
      }
    }
    this.at = p - base
    return 0
  }

  /** Method and target out of the complete text, and the form of the target (RFC 9112 section 3.2). */
  #readLine(): number {
    this.method = this.text.slice(this.lineStart, this.#targetStart - 1)
    this.target = this.text.slice(this.#targetStart, this.#versionStart - 1)
    if (this.version === 10) this.lineStart = -1
    if (this.method === 'CONNECT') {
      this.host = this.target
      // RFC 9110 section 9.3.6: an empty or missing port must be rejected; the colons of an IPv6 address are none.
      return isHost(this.target) && /:\d+$/.test(this.target) ? 0 : Refusal.BadTarget
    }
    if (this.target.charCodeAt(0) === SLASH) return 0
    if (this.target === '*') return this.method === 'OPTIONS' ? 0 : Refusal.BadTarget
    return this.#readAbsoluteForm()
  }

  #readAbsoluteForm(): number {
    const lower = this.target.slice(0, 8).toLowerCase()
    const schemeLength = lower.startsWith('http://') ? 7 : lower === 'https://' ? 8 : 0
    if (schemeLength === 0) return Refusal.BadTarget
    let end = schemeLength
    while (
      end < this.target.length &&
      this.target.charCodeAt(end) !== SLASH &&
      this.target.charCodeAt(end) !== QUESTION_MARK
    ) {
      end++
    }
    this.host = this.target.slice(schemeLength, end)
    if (this.host === '' || !isHost(this.host)) return Refusal.BadTarget
    const rest = this.target.slice(end)
    if (rest === '') this.target = this.method === 'OPTIONS' ? '*' : '/'
    else this.target = rest.charCodeAt(0) === SLASH ? rest : `/${rest}`
    this.lineStart = -1
    this.hasHost = true
    this.added = `Host: ${this.host}\r\n`
    return 0
  }

  /** As in every section; without Host the request has none, until one is added. */
  override remove(lowerName: string): void {
    super.remove(lowerName)
    if (lowerName === 'host') this.hasHost = false
  }

  /** As in every section; throws `TypeError` for a second Host too. */
  protected override addChecked(name: string, value: string): void {
    const isHostField = name.length === 4 && name.toLowerCase() === 'host'
    if (isHostField && this.hasHost) throw new TypeError('a request has one Host; it is replaced with set')
    super.addChecked(name, value)
    if (isHostField) this.hasHost = true
  }

  /** What the fields say about the message. Returns a refusal or 0. */
  protected readFields(): number {
    for (let i = 0; i < this.count; i++) {
      const known = this.classify(i)
      if (known === KnownField.Other) continue
      const refusal = this.#readField(i, known)
      if (refusal < 0) return refusal
    }
    if (this.#hosts === 0 && this.version === 11) return Refusal.MissingHost
    const refusal = this.settleCommonFields()
    if (refusal < 0) return refusal
    this.framing = this.isChunked ? Framing.Chunked : this.contentLength > 0 ? Framing.Length : Framing.None
    if (this.upgrade !== '') this.upgrade = usableUpgrade(this.upgrade, this.framing)
    if (this.framing === Framing.None || this.version === 10) this.expectsContinue = false
    return 0
  }

  #readField(index: number, known: KnownField): number {
    switch (known) {
      case KnownField.Host:
        return this.#readHost(index)
      case KnownField.Expect:
        this.mark(index, MARK_HOP)
        this.expectsContinue = true
        return this.value(index).toLowerCase() === '100-continue' ? 0 : Refusal.UnknownExpectation
      case KnownField.Te:
        this.mark(index, MARK_HOP)
        if (listHas(this.value(index), 'trailers')) this.acceptsTrailers = true
        return 0
      default:
        return this.readCommonField(index, known)
    }
  }

  #readHost(index: number): number {
    if (++this.#hosts > 1) return Refusal.RepeatedHost
    const value = this.value(index)
    if (!isHost(value)) return Refusal.BadHost
    // RFC 9112 section 3.2.2: the authority of an absolute-form target replaces Host.
    if (this.added !== '') this.mark(index, MARK_HOP)
    else if (this.method !== 'CONNECT') this.host = value
    this.hasHost = true
    return 0
  }
}

/** RFC 9113 section 8.2.3: HTTP/2 may split Cookie to compress it better; outside of HTTP/2 there is one. */
function withOneCookie(fields: readonly string[]): readonly string[] {
  const first = nextCookie(fields, 0)
  if (nextCookie(fields, first + 2) === fields.length) return fields
  const joined = fields.slice(0, first + 2)
  for (let i = first + 2; i + 1 < fields.length; i += 2) {
    if (isCookie(fields[i])) joined[first + 1] += `; ${fields[i + 1]}`
    else joined.push(fields[i], fields[i + 1])
  }
  return joined
}

/** Index of the name of the next Cookie field, or the length of the list. */
function nextCookie(fields: readonly string[], from: number): number {
  for (let i = from; i + 1 < fields.length; i += 2) if (isCookie(fields[i])) return i
  return fields.length
}

const isCookie = (name: string): boolean => name.length === 6 && name.toLowerCase() === 'cookie'

/** Whether `path` is a `:path` (RFC 9113 section 8.3.1). */
function isH2Path(method: string, path: string): boolean {
  if (path === '*') return method === 'OPTIONS'
  if (path.charCodeAt(0) !== SLASH) return false
  for (let i = 0; i < path.length; i++) if (TARGET[path.charCodeAt(i)] !== 1) return false
  return true
}

/**
 * The upgrade a proxy can carry, or empty when it must ignore the field, as every server may (RFC 9110 section 7.8):
 * beside a body, when it is malformed, and for h2c, which would tunnel requests past every check made here.
 */
function usableUpgrade(upgrade: string, framing: Framing): string {
  if (framing !== Framing.None) return ''
  for (const protocol of listElements(upgrade)) {
    if (!/^[\w!#$%&'*+.^`|~-]+(?:\/[\w!#$%&'*+.^`|~-]+)?$/.test(protocol)) return ''
    if (protocol.toLowerCase().startsWith('h2c')) return ''
  }
  return upgrade
}
