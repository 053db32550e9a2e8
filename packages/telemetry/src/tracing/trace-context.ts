/** Where a span stands: in which trace, and whether anybody wants it. */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string
  /** {@link SAMPLED} and {@link RANDOM}; other flags are not known to us and are not passed on. */
  readonly flags: number
}

/** The flag of a trace that is recorded. */
export const SAMPLED = 0x01
/** The flag of a trace whose id is random in its last 7 bytes. */
export const RANDOM = 0x02

/** version-traceid-spanid-flags; a version above 00 may go on after another hyphen. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Longest `tracestate` that is looked at, characters; W3C asks for at least 512 to be passed on. */
export const TRACESTATE_MAX = 512
const TRACESTATE_MEMBERS_MAX = 32
const TRACESTATE_MEMBER =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[ -+\x2d-<>-~]{0,255}[!-+\x2d-<>-~]$/

/** Longest `baggage` that is looked at, bytes, as W3C has it. */
export const BAGGAGE_MAX = 8192
/** Members of `baggage` that every implementation passes on. */
const BAGGAGE_MEMBERS_MAX = 64
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const BAGGAGE_OCTETS = '[!#-+\\x2d-:<-\\[\\]-~]*'
const BAGGAGE_MEMBER = new RegExp(
  `^${TOKEN}[ \\t]*=[ \\t]*${BAGGAGE_OCTETS}(?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*${BAGGAGE_OCTETS})?)*$`,
)

/** Reads a `traceparent` (W3C Trace Context); null when it is absent or invalid, and a new trace has to begin. */
export function parseTraceparent(text: string): TraceParent | null {
  // Longer ones are of a version that does not exist yet; a bound is due all the same.
  if (text.length < 55 || text.length > TRACESTATE_MAX) return null
  const match = TRACEPARENT.exec(text)
  if (match === null) return null
  const [, version, traceId, spanId, flags, rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM) }
}

/** The `traceparent` to send on, of version 00. */
export function formatTraceparent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-0${flags & (SAMPLED | RANDOM)}`
}

/**
 * A `tracestate` without empty members and blanks around them. Empty when there is none or any of it is invalid: W3C
 * has the whole of it dropped then, and keeps the `traceparent`.
 */
export function normalTracestate(text: string): string {
  if (text === '' || text.length > TRACESTATE_MAX) return ''
  const members = elements(text)
  if (members.length > TRACESTATE_MEMBERS_MAX) return ''
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))))
  if (keys.size !== members.length) return ''
  return members.every((member) => TRACESTATE_MEMBER.test(member)) ? members.join(',') : ''
}

/** A `baggage` in the same way (W3C Baggage). Empty when there is none, or when it is invalid or too long. */
export function normalBaggage(text: string): string {
  if (text === '' || text.length > BAGGAGE_MAX) return ''
  const members = elements(text)
  if (members.length > BAGGAGE_MEMBERS_MAX) return ''
  return members.every((member) => BAGGAGE_MEMBER.test(member)) ? members.join(',') : ''
}

function elements(text: string): string[] {
  return text
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')
}
