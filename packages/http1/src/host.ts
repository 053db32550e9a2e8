import { HOST } from './bytes.ts'

const BRACKET_OPEN = 0x5b
const BRACKET_CLOSE = 0x5d
const COLON = 0x3a

/**
 * Whether `value` is `uri-host [ ":" port ]` (RFC 9112 section 3.2). The empty value is valid: it is what a client
 * sends for a target without authority. A port without a host is not: RFC 9110 section 4.2.1 has it rejected.
 */
export function isHost(value: string): boolean {
  let i = 0
  if (value.charCodeAt(0) === BRACKET_OPEN) {
    i = value.indexOf(']') + 1
    if (i === 0 || !isIpLiteral(value, 1, i - 1)) return false
  } else {
    for (; i < value.length && value.charCodeAt(i) !== COLON; i++) {
      const code = value.charCodeAt(i)
      if (HOST[code] !== 1 || code === BRACKET_OPEN || code === BRACKET_CLOSE) return false
    }
  }
  if (i === value.length) return true
  if (value.charCodeAt(i) !== COLON || i === 0) return false
  for (i++; i < value.length; i++) if (value.charCodeAt(i) < 0x30 || value.charCodeAt(i) > 0x39) return false
  return true
}

function isIpLiteral(value: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = value.charCodeAt(i)
    if (HOST[code] !== 1 || code === BRACKET_OPEN || code === BRACKET_CLOSE) return false
  }
  return end > start
}
