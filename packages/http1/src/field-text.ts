import { FIELD_VALUE, HTAB, SP, TOKEN } from './bytes.ts'

/** Whether `text` is a token of at least one character (RFC 9110 section 5.6.2). */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false
  return text.length > 0
}

/** Whether `text` may stand as a field value: latin1 without controls but HTAB (RFC 9110 section 5.5). */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (FIELD_VALUE[text.charCodeAt(i)] !== 1) return false
  return true
}

/** `text` without optional white space (SP, HTAB) at both ends. */
export function trimOws(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isOws(text.charCodeAt(start))) start++
  while (end > start && isOws(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isOws = (code: number): boolean => code === SP || code === HTAB
