import { COLON, LOWER } from './bytes.ts'
import {
  FieldScan,
  KNOWN_MASK,
  MARK,
  MARK_HOP,
  MARK_RAW,
  MARK_REMOVED,
  NAME_END,
  NAME_START,
  type Part,
  STRIDE,
  VALUE_END,
  VALUE_START,
} from './field-scan.ts'
import { isFieldValue, isToken, trimOws } from './field-text.ts'
import { equalsIgnoringCase, KnownField, knownField } from './known-fields.ts'
import { Refusal } from './refusal.ts'

/**
 * The fields of one head or trailer section: offsets into one latin1 text, plus the edits made on the way through.
 * An instance is reused for message after message of a connection; what it says holds until the next `reset`.
 */
export class FieldSection extends FieldScan {
  /** The whole head as latin1 text, from the first byte of the start line to the final CRLF. Empty until complete. */
  text = ''
  /** Lines added by the service and the relay, each `Name: value CRLF`. */
  added = ''

  /** Makes the section ready for the next message. `part` is where its scan begins. */
  protected resetSection(part: Part): void {
    this.resetScan(part)
    this.text = ''
    this.added = ''
  }

  /** Offset in `text` of the first field line. */
  get fieldsStart(): number {
    return this.count === 0 ? this.sectionEnd : this.slots[NAME_START]
  }

  /** Appends a received field when a head is built from parts (HTTP/2). `text` must end where the line begins. */
  protected append(name: string, value: string): void {
    const slot = this.count * STRIDE
    const start = this.text.length
    this.slots[slot + NAME_START] = start
    this.slots[slot + NAME_END] = start + name.length
    this.slots[slot + VALUE_START] = start + name.length + 2
    this.slots[slot + VALUE_END] = start + name.length + 2 + value.length
    this.slots[slot + MARK] = 0
    this.count++
    this.text += `${name}: ${value}\r\n`
  }

  /**
   * Appends `[name, value, name, value, …]` of an HTTP/2 field section, without pseudo-header fields. HTTP/2 carries
   * strings, so what the scanner checks byte by byte is checked here (RFC 9113 section 8.2.1). Returns a refusal or 0.
   */
  protected appendAll(fields: readonly string[], isTrailer = false): number {
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i]
      if (name.charCodeAt(0) === COLON) {
        if (isTrailer) return Refusal.BadPseudoField
        continue
      }
      if (!isToken(name)) return Refusal.BadFieldName
      const value = trimOws(fields[i + 1])
      if (!isFieldValue(value)) return Refusal.ControlInHead
      if (CONNECTION_FIELDS.has(name.toLowerCase())) return Refusal.ConnectionFieldInH2
      this.append(name, value)
    }
    return 0
  }

  /** Takes a field out of a section as if it had not been received. */
  protected forget(index: number): void {
    this.slots[index * STRIDE + NAME_END] = this.slots[index * STRIDE + NAME_START]!
    this.mark(index, MARK_REMOVED)
  }

  /** Ends a section built by {@link append}. */
  protected endAppending(): void {
    this.sectionEnd = this.text.length
    this.text += '\r\n'
  }

  /** Classifies field `index` and stores the answer in its mark. Called once per field, when the text is complete. */
  protected classify(index: number): KnownField {
    const slot = index * STRIDE
    const known = knownField(this.text, this.slots[slot + NAME_START], this.slots[slot + NAME_END])
    this.slots[slot + MARK] |= known
    return known
  }

  /** Sets bits of a field's mark. */
  protected mark(index: number, bits: number): void {
    this.slots[index * STRIDE + MARK] |= bits
  }

  /** Name of field `index` as received. */
  name(index: number): string {
    return this.text.slice(this.slots[index * STRIDE + NAME_START], this.slots[index * STRIDE + NAME_END])
  }

  /** Value of field `index` as received, without white space around it. */
  value(index: number): string {
    return this.text.slice(this.slots[index * STRIDE + VALUE_START], this.slots[index * STRIDE + VALUE_END])
  }

  /** Length of the name of field `index`, so that a pass over many fields can sort them by it. */
  nameLength(index: number): number {
    return this.slots[index * STRIDE + NAME_END] - this.slots[index * STRIDE + NAME_START]
  }

  /** Offset in `text` of the name of field `index`. */
  nameStart(index: number): number {
    return this.slots[index * STRIDE + NAME_START]
  }

  /** Whether field `index` has this name. `lowerName` must be lower case. */
  isNamed(index: number, lowerName: string): boolean {
    return (
      this.nameLength(index) === lowerName.length &&
      this.#named(this.slots[index * STRIDE + NAME_START], lowerName)
    )
  }

  /** Whether the value of field `index` begins with `prefix`, case and all. */
  valueStartsWith(index: number, prefix: string): boolean {
    const start = this.slots[index * STRIDE + VALUE_START]
    return (
      start + prefix.length <= this.slots[index * STRIDE + VALUE_END] && this.text.startsWith(prefix, start)
    )
  }

  /** Which known field `index` is. */
  known(index: number): KnownField {
    return (this.slots[index * STRIDE + MARK] & KNOWN_MASK) as KnownField
  }

  /** Whether field `index` is forwarded: neither hop-by-hop nor removed. */
  isForwarded(index: number): boolean {
    return (this.slots[index * STRIDE + MARK] & (MARK_HOP | MARK_REMOVED)) === 0
  }

  /** Index of the first received field of this name at or after `from`, or -1. `lowerName` must be lower case. */
  indexOf(lowerName: string, from = 0): number {
    const slots = this.slots
    for (let i = from; i < this.count; i++) {
      const start = slots[i * STRIDE + NAME_START]
      if (slots[i * STRIDE + NAME_END] - start === lowerName.length && this.#named(start, lowerName)) return i
    }
    return -1
  }

  #named(start: number, lowerName: string): boolean {
    return (
      LOWER[this.text.charCodeAt(start)] === lowerName.charCodeAt(0) &&
      equalsIgnoringCase(this.text, start, lowerName)
    )
  }

  /** First received value of this name, or undefined: also one that is not forwarded. Edits are not seen. `lowerName` must be lower case. */
  get(lowerName: string): string | undefined {
    const index = this.indexOf(lowerName)
    return index < 0 ? undefined : this.value(index)
  }

  /**
   * Takes every field of this name out of what is forwarded, received or added. `lowerName` must be lower case.
   * Throws `TypeError` for Content-Length and Transfer-Encoding: without them the body would be read as a message.
   */
  remove(lowerName: string): void {
    if (isFraming(lowerName)) throw new TypeError(`${lowerName} frames the body and is not removed`)
    for (let i = this.indexOf(lowerName); i >= 0; i = this.indexOf(lowerName, i + 1))
      this.mark(i, MARK_REMOVED)
    if (this.added !== '') this.added = withoutLine(this.added, lowerName)
  }

  /**
   * Adds a field to what is forwarded. Throws `TypeError` when name or value could not stand in a head, and for
   * Content-Length and Transfer-Encoding, which the codec writes.
   */
  add(name: string, value: string): void {
    checkAdded(name, value)
    this.addChecked(name, value)
  }

  /** Replaces every field of this name by one. Throws `TypeError` as {@link add} does, and changes nothing then. */
  set(name: string, value: string): void {
    checkAdded(name, value)
    this.remove(name.toLowerCase())
    this.addChecked(name, value)
  }

  /** Adds a field whose name and value were checked. */
  protected addChecked(name: string, value: string): void {
    this.added += `${name}: ${trimOws(value)}\r\n`
  }

  /** Received fields that are forwarded and added ones, as `[name, value]` pairs in order. Not for the hot path. */
  pairs(): [name: string, value: string][] {
    const pairs: [string, string][] = []
    for (let i = 0; i < this.count; i++) if (this.isForwarded(i)) pairs.push([this.name(i), this.value(i)])
    if (this.added === '') return pairs
    for (const line of this.added.split('\r\n')) {
      const colon = line.indexOf(':')
      if (colon > 0) pairs.push([line.slice(0, colon), line.slice(colon + 2)])
    }
    return pairs
  }

  /**
   * The field lines to forward, beginning with the text from `from` on (the start line, when it is kept as it is).
   * Lines in canonical form are copied as whole runs: byte for byte what re-serialising each would give.
   */
  forwardedText(from: number): string {
    const { text, slots, count } = this
    let out = ''
    let runStart = from
    for (let i = 0; i < count; i++) {
      const mark = slots[i * STRIDE + MARK]
      if ((mark & (MARK_HOP | MARK_REMOVED | MARK_RAW)) === 0) continue
      const lineStart = slots[i * STRIDE + NAME_START]
      if (lineStart > runStart) out += text.slice(runStart, lineStart)
      if ((mark & (MARK_HOP | MARK_REMOVED)) === 0) out += `${this.name(i)}: ${this.canonicalValue(i)}\r\n`
      runStart = i + 1 < count ? slots[(i + 1) * STRIDE + NAME_START] : this.sectionEnd
    }
    return out + text.slice(runStart, this.sectionEnd) + this.added
  }

  /** The value of field `index` as it is forwarded when its line is written anew. */
  protected canonicalValue(index: number): string {
    return this.value(index)
  }
}

/** Fields that may not stand in an HTTP/2 message (RFC 9113 section 8.2.2). */
const CONNECTION_FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Throws `TypeError` for what may not be added to a head. */
function checkAdded(name: string, value: string): void {
  if (!isToken(name)) {
    throw new TypeError(`field name ${JSON.stringify(name)} is not a token (RFC 9110 section 5.1)`)
  }
  if (!isFieldValue(value)) {
    throw new TypeError(`value of ${name} has a control or a character outside latin1 (RFC 9110 section 5.5)`)
  }
  if (isFraming(name)) throw new TypeError(`${name} frames the body and is not added`)
}

/** Whether the field says where the body ends. */
function isFraming(name: string): boolean {
  const known = knownField(name, 0, name.length)
  return known === KnownField.ContentLength || known === KnownField.TransferEncoding
}

function withoutLine(lines: string, lowerName: string): string {
  // Nearly always nothing has that name, and finding that out allocates nothing.
  let result = lines
  for (let start = 0; start < result.length;) {
    const end = result.indexOf('\r\n', start) + 2
    if (isLineOf(result, start, lowerName)) result = result.slice(0, start) + result.slice(end)
    else start = end
  }
  return result
}

function isLineOf(lines: string, start: number, lowerName: string): boolean {
  return lines.charCodeAt(start + lowerName.length) === COLON && equalsIgnoringCase(lines, start, lowerName)
}
