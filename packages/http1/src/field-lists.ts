import { isToken, trimOws } from './field-text.ts'
import { Refusal } from './refusal.ts'

/** Elements of a comma-separated list, without white space around them; empty elements are kept. */
export function listElements(value: string): string[] {
  const elements = value.split(',')
  for (let i = 0; i < elements.length; i++) elements[i] = trimOws(elements[i])
  return elements
}

/** Whether a comma-separated list has this element, ignoring case. `lower` must be lower case. */
export function listHas(value: string, lower: string): boolean {
  for (const element of listElements(value)) if (element.toLowerCase() === lower) return true
  return false
}

/**
 * The number of a Content-Length value, or a {@link Refusal}. One decimal number and nothing else: lists of equal
 * numbers are refused too, because intermediaries disagree on them (RFC 9112 section 6.3 allows either).
 */
export function parseContentLength(value: string): number {
  if (value.length === 0) return Refusal.BadContentLength
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return Refusal.BadContentLength
    length = length * 10 + digit
    if (length > Number.MAX_SAFE_INTEGER) return Refusal.BadContentLength
  }
  return length
}

/**
 * Checks a Transfer-Encoding value: 0 when it is exactly `chunked`, else a {@link Refusal}: 501 when another coding
 * is named (RFC 9112 section 6.1), 400 when it is malformed or names chunked twice.
 */
export function checkTransferEncoding(value: string): number {
  if (value.toLowerCase() === 'chunked') return 0
  let unknown = false
  for (const element of listElements(value)) {
    const semicolon = element.indexOf(';')
    const coding = trimOws(semicolon < 0 ? element : element.slice(0, semicolon))
    if (!isToken(coding)) return Refusal.BadTransferEncoding
    if (coding.toLowerCase() !== 'chunked') unknown = true
  }
  return unknown ? Refusal.UnknownTransferCoding : Refusal.BadTransferEncoding
}

/** Seconds of `timeout=` in a Keep-Alive value, or -1. Servers say with it when they will close an idle connection. */
export function keepAliveTimeout(value: string): number {
  for (const element of listElements(value)) {
    if (!element.toLowerCase().startsWith('timeout=')) continue
    const seconds = parseContentLength(element.slice('timeout='.length))
    if (seconds >= 0) return seconds
  }
  return -1
}
